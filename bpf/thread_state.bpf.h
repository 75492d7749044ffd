/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* From the interrupted kernel thread to its PyThreadState. */
#ifndef PROFD_BPF_THREAD_STATE_BPF_H_
#define PROFD_BPF_THREAD_STATE_BPF_H_

#include "bpf/target_memory.bpf.h"

/* glibc x86-64 and its struct pthread (nptl/descr.h): the first block of thread-specific data
 * stands in the structure, further blocks behind an array of pointers. */
enum {
  GLIBC_SPECIFIC_1STBLOCK = 0x310,
  GLIBC_SPECIFIC_BLOCKS = 0x510,
  GLIBC_KEYS_PER_BLOCK = 32,
  GLIBC_KEYS_MAX = 1024,
  GLIBC_KEY_DATA = 8, /* struct pthread_key_data: sequence, data */
  GLIBC_KEY_STRIDE = 16,
};

struct thread_state_cache {
  u64 owner; /* incarnation mixed with the TID */
  u64 tstate;
};

/* Lives in a map value: on the stack its changing contents would make the verifier walk every
 * iteration of the loop. */
struct thread_search {
  u64 thread_pointer;
  u64 interp; /* interpreter whose threads are walked next */
  u64 tstate; /* next thread state to look at */
  u64 found[PROFD_THREAD_STATES];
  u32 found_count;
  u32 want;   /* stop after so many */
};

struct thread_search_context {
  struct thread_search *search;
  const struct py_layout *layout;
};

/* Is `tstate` the state of the thread with this thread pointer? */
static __always_inline int owns_thread(const struct py_layout *layout, u64 tstate,
                                       u64 thread_pointer) {
  u64 id;
  return tstate && read_field(&id, layout, tstate, PY_TSTATE_THREAD_ID) == 0 &&
         id == thread_pointer;
}

/* The value of CPython's pthread key in this thread. *known: the place could be read, so that a
 * NULL says that the thread has no state. */
static __always_inline u64 thread_specific(u64 key_address, u64 thread_pointer, int *known) {
  u32 key;
  u64 block, value;

  *known = 0;
  if (!key_address || read_u32(&key, key_address) || key >= GLIBC_KEYS_MAX) return 0;
  block = thread_pointer + GLIBC_SPECIFIC_1STBLOCK;
  if (key >= GLIBC_KEYS_PER_BLOCK) {
    u64 slot = thread_pointer + GLIBC_SPECIFIC_BLOCKS + key / GLIBC_KEYS_PER_BLOCK * 8;
    if (read_u64(&block, slot)) return 0;
    if (!block) {
      *known = 1;
      return 0;
    }
  }
  if (read_u64(&value, block + key % GLIBC_KEYS_PER_BLOCK * GLIBC_KEY_STRIDE + GLIBC_KEY_DATA))
    return 0;
  *known = 1;
  return value;
}

/* One step along the list of interpreters and their thread states. Returns 1 to stop. */
static long search_step(u32 index, struct thread_search_context *context) {
  const struct py_layout *layout = context->layout;
  struct thread_search *search = context->search;
  u64 tstate = search->tstate, next;
  (void)index;

  if (!tstate) {
    u64 interp = search->interp;
    if (!interp) return 1;
    if (read_field(&tstate, layout, interp, PY_INTERP_THREADS_HEAD) ||
        read_field(&next, layout, interp, PY_INTERP_NEXT))
      return 1;
    search->tstate = tstate;
    search->interp = next;
    return 0;
  }
  if (tstate != search->found[0] && owns_thread(layout, tstate, search->thread_pointer)) {
    u32 slot = search->found_count;
    if (slot >= PROFD_THREAD_STATES) return 1;
    search->found[slot] = tstate;
    search->found_count = slot + 1;
    if (slot + 1 >= search->want) return 1;
  }
  if (read_field(&next, layout, tstate, PY_TSTATE_NEXT)) return 1;
  search->tstate = next;
  return 0;
}

#endif /* PROFD_BPF_THREAD_STATE_BPF_H_ */
