#!/bin/sh
# Runs a program in another root as a container has it: own mounts, /proc, /dev/shm; the workloads
# at /mnt/workloads. Ends when the program ends; nothing stays mounted.
# usage: in_root.sh [--pid] ROOT COMMAND [ARGUMENTS...]     (root; --pid: also its own PID namespace)
set -eu
pid=
[ "$1" != --pid ] || { pid='--pid --fork --kill-child --mount-proc'; shift; }
root=$1
shift
export PROFD_WORKLOADS="$(cd "$(dirname "$0")" && pwd)"
# shellcheck disable=SC2086
exec unshare --mount --propagation private $pid /bin/sh -ec '
  root=$1; shift
  mount -t tmpfs tmpfs "$root/mnt" && mkdir "$root/mnt/workloads"
  mount --bind "$PROFD_WORKLOADS" "$root/mnt/workloads"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  exec chroot "$root" "$@"
' in_root "$root" "$@"
