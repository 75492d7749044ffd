#!/bin/sh
# Three wrappers that exec the next, the last one an interpreter: one PID, four programs.
# usage: exec_chain.sh PYTHON PROGRAM [ARGUMENTS...]
# Answer: the PID that this shell had is the Python process's, with the workload's own answer.
case ${PROFD_CHAIN:-0} in
  0) PROFD_CHAIN=1 exec /bin/sh "$0" "$@" ;;
  1) PROFD_CHAIN=2 exec env PROFD_CHAIN=2 /bin/sh "$0" "$@" ;;
  *) unset PROFD_CHAIN && exec "$@" ;;
esac
