#!/bin/sh
# What is tried on each kernel; run as root inside the guest by scripts/test-kernels, which sets
# REPO and OUT (files that are to come back). Exit 0: all held.
set -u
profd=${PROFD_BINARY:-$REPO/build/release/profd}
workloads=$REPO/tests/workloads
python=${PROFD_GUEST_PYTHON:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1
faults=0
fault() {
  echo "FAULT: $*"
  faults=$((faults + 1))
}
echo "kernel $(uname -r), $("$python" --version 2>&1)"
[ -x "$profd" ] || { echo "no $profd: run scripts/build"; exit 1; }

# The restricted host: a clear refusal, no crash.
if grep -q '\[confidentiality\]' /sys/kernel/security/lockdown 2>/dev/null; then
  timeout 60 "$profd" --all-python --interval 2s --duration 5s --output "$OUT/profiles" >"$OUT/profd.log" 2>&1
  code=$?
  cat "$OUT/profd.log"
  [ $code -eq 1 ] || fault "exit code $code instead of 1 under lockdown"
  grep -qi 'lock.*down' "$OUT/profd.log" || fault "the refusal does not say that the kernel is locked down"
  grep -q '^hint:' "$OUT/profd.log" || fault "the refusal has no hint"
  exit $((faults > 0))
fi

programs() { bpftool prog show 2>/dev/null | grep -c '^[0-9]*:'; }
before=$(programs)

# wait_for FILE PATTERN PID: until the file has the line, or the process has gone.
wait_for() {
  until grep -q "$2" "$1" 2>/dev/null; do
    kill -0 "$3" 2>/dev/null || { fault "process of $1 ended early"; cat "$1"; return 1; }
    sleep 0.2
  done
}
start() { # NAME PROGRAM ARGUMENTS...: sets NAME_pid
  name=$1
  shift
  "$python" "$workloads/$@" >"$OUT/$name.txt" 2>&1 &
  eval "${name}_pid=$!"
  wait_for "$OUT/$name.txt" '^READY' $!
}
start shares shares.py 0
start lines lines.py 0
start deep deep.py 0 900

"$profd" --all-python --interval 5s --rate 199 --output "$OUT/profiles" --log-level info >"$OUT/profd.log" 2>&1 &
profd_pid=$!
tail -f "$OUT/profd.log" &
tail_pid=$!
files() { find "$OUT/profiles" -name '*.pb.gz' 2>/dev/null | wc -l; }
until [ "$(files)" -ge 2 ]; do
  kill -0 $profd_pid 2>/dev/null || { fault "profd ended early"; break; }
  sleep 0.5
done
start births births.py 0 6 1500
wait "$births_pid"
born=$(files)
# Children have gone: their names must have travelled with their samples.
until [ "$(files)" -gt $((born + 1)) ]; do
  kill -0 $profd_pid 2>/dev/null || break
  sleep 0.5
done
kill -TERM $profd_pid 2>/dev/null
wait $profd_pid
code=$?
[ $code -eq 0 ] || fault "profd's exit code is $code"
kill "$tail_pid"

kill -TERM "$shares_pid" "$lines_pid" "$deep_pid"
wait "$shares_pid" "$lines_pid" "$deep_pid"

# The limit without bpf_loop (before 5.17) is lower; profd says so at its start.
PROFD_FRAME_LIMIT=$(sed -n 's/.*cut at \([0-9][0-9]*\) frames.*/\1/p' "$OUT/profd.log" | head -n 1)
export PROFD_FRAME_LIMIT="${PROFD_FRAME_LIMIT:-1024}"
echo "frame limit $PROFD_FRAME_LIMIT"
for check in "$shares_pid shares shares" "$lines_pid lines lines" "$deep_pid frames deep" "0 births births"; do
  set -- $check
  "$python" "$REPO/tests/kernels/check_profile.py" "$OUT/profiles" "$1" "$2" "$OUT/$3.txt" || fault "$2"
done

# Programs are freed a moment after their last reference has gone.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(programs)" -gt "$before" ] || break
  sleep 0.5
done
[ "$(programs)" -le "$before" ] || fault "BPF programs left: $before before, $(programs) now"
exit $((faults > 0))
