#!/usr/bin/env bash
# Runs one libFuzzer program for PROFD_FUZZ_SECONDS (default 60), beginning with its corpus; elf_fuzz
# begins with real libraries. An input that kills it is left in CORPUS.found.
#
# usage: run.sh PROGRAM CORPUS
set -euo pipefail

program=$1 corpus=$2
mkdir -p "$corpus" "$corpus.found"
if [[ $program == */elf_fuzz && -z $(ls -A "$corpus") ]]; then
  find /usr/lib/x86_64-linux-gnu -maxdepth 1 -type f -name '*.so*' -size -40k \
    -print0 2>/dev/null | sort -z | head -z -n 20 | xargs -0 -r cp -t "$corpus"
fi
exec "$program" -max_total_time="${PROFD_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 \
  -max_len=65536 -print_final_stats=1 -artifact_prefix="$corpus.found/" "$corpus"
