/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who holds the global interpreter lock. */
#ifndef PROFD_BPF_GIL_BPF_H_
#define PROFD_BPF_GIL_BPF_H_

#include "bpf/target_memory.bpf.h"

/* struct _gil_runtime_state (pycore_gil.h, 3.12+) keeps these side by side, `interval` in front. */
struct py_gil {
  u64 last_holder;
  u32 locked;
  u32 padding;
};

/* <= 3.11: is it the attached thread state? 3.12+: two reads. Not seen: the holder among
 * subinterpreters that share the main one's lock (3.12+). Free-threaded builds have no holder. */
static __always_inline int holds_gil(const struct py_layout *layout,
                                     const struct py_process *process, u64 tstate) {
  struct py_gil gil;
  u64 current, interp;

  if (!tstate) return 0;
  if (process->tstate_current)
    return read_u64(&current, process->tstate_current) == 0 && current == tstate;
  if (!has_field(layout, PY_INTERP_GIL_HOLDER) || !has_field(layout, PY_INTERP_GIL_LOCKED) ||
      layout->offset[PY_INTERP_GIL_LOCKED] !=
          layout->offset[PY_INTERP_GIL_HOLDER] + __builtin_offsetof(struct py_gil, locked) ||
      read_field(&interp, layout, tstate, PY_TSTATE_INTERP) ||
      read_target(&gil, sizeof(gil), interp + layout->offset[PY_INTERP_GIL_HOLDER]))
    return 0;
  return gil.locked && gil.last_holder == tstate;
}

#endif /* PROFD_BPF_GIL_BPF_H_ */
