# Shared by the scripts in this folder; sourced, never run.
# shellcheck shell=bash
set -euo pipefail

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$REPO/build
# bpftool and debootstrap live in sbin, which is not on every user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [HINT]: the hint is the way out, on a line of its own.
die() {
  say "${0##*/}: $1"
  [[ -z ${2:-} ]] || say "hint: $2"
  exit 1
}

# Prints the comment block at the head of a script: its --help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

is_root() { [[ $EUID -eq 0 ]]; }

# as_root COMMAND...: as it is for root, else through sudo.
as_root() {
  if is_root; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root: $*" "run this script as root, or install sudo"
  fi
}

# Runs a command with its output in a log, which is shown only when it fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    say "failed: $* (whole log: $log)"
    return 1
  fi
}

jobs_count() { nproc 2>/dev/null || echo 2; }

# The Debian mirror this host is set up with; nothing where the host is no Debian.
debian_mirror() {
  if [[ -n ${PROFD_DEBIAN_MIRROR:-} ]]; then
    echo "$PROFD_DEBIAN_MIRROR"
    return
  fi
  apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk -v codename="$(. /etc/os-release && echo "$ID:${VERSION_CODENAME:-}")" \
      '"debian:" $1 == codename && !uri { uri = $2 } END { sub("/$", "", uri); print uri }'
}

# private_apt SUITE COMMAND...: apt with lists and cache of its own; the host's are left alone.
# COMMAND is apt-get's or apt-cache's: `private_apt sid apt-get download python3.15`.
private_apt() {
  local suite=$1 dir=$BUILD/apt/$1 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  local tool=$2
  shift 2
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || { say "no Debian mirror known (set PROFD_DEBIAN_MIRROR)"; return 1; }
  local options=(-o Dir::State="$dir/state" -o Dir::State::status="$dir/state/status"
    -o Dir::Cache="$dir/cache" -o Dir::Etc::sourcelist="$dir/sources.list"
    -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Acquire::Retries=3)
  if [[ -z $(find "$dir/updated" -mmin -1440 2>/dev/null) ]]; then
    mkdir -p "$dir"/state/lists/partial "$dir"/cache/archives/partial
    : >"$dir/state/status"
    printf '%s [signed-by=%s] %s %s main\n' deb "$keyring" "$mirror" "$suite" \
      deb-src "$keyring" "$mirror" "$suite" >"$dir/sources.list"
    quietly "$dir/update.log" apt-get "${options[@]}" update || return 1
    touch "$dir/updated"
  fi
  "$tool" "${options[@]}" "$@"
}

# Ubuntu's /usr/sbin/bpftool refuses to run under another kernel; the real one lies beside it.
use_bpftool() {
  local dir
  bpftool version >/dev/null 2>&1 && return
  for dir in /usr/lib/linux-tools/*/ /usr/lib/linux-tools-*/; do
    if [[ -x ${dir}bpftool ]] && "${dir}bpftool" version >/dev/null 2>&1; then
      PATH=${dir%/}:$PATH
      return
    fi
  done
  die "no working bpftool" "run scripts/setup, or put bpftool on the PATH"
}

# GCC 12's sanitizers place their shadow where newer kernels' randomization may map a library.
steady_addresses() {
  case $1 in
    asan | tsan) shift && setarch -R "$@" ;;
    *) shift && "$@" ;;
  esac
}

# configure PRESET: only when there is no build folder yet or the presets are newer.
configure() {
  local preset=$1 dir=$BUILD/$1 launcher=()
  [[ -e $dir/build.ninja && $dir/CMakeCache.txt -nt $REPO/CMakePresets.json ]] && return
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  use_bpftool
  quietly "$BUILD/configure-$preset.log" cmake -S "$REPO" --preset "$preset" "${launcher[@]}" ||
    die "cannot configure preset '$preset'" "presets: dev, release, asan, tsan, fuzz; missing packages: scripts/setup"
  touch "$dir/CMakeCache.txt"
}

# Our C and C++ files, new ones included, one a line.
our_sources() {
  git -C "$REPO" ls-files --cached --others --exclude-standard -- '*.h' '*.c' '*.cc' |
    while IFS= read -r file; do [[ ! -e $REPO/$file ]] || echo "$file"; done
}
