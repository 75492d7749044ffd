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

enum { BOUNDED_THREADS = 64 }; /* without bpf_loop (kernels before 5.17) */

#define NO_THREAD_POINTER ~0ULL /* no thread state's: one that is not bound yet has 0 */

struct thread_state_cache {
  u64 owner; /* incarnation mixed with the TID */
  u64 tstate;
};

/* Lives in a map value: on the stack its changing contents would make the verifier walk every
 * iteration of the loop. */
struct thread_search {
  u64 thread_pointer;
  u64 owner;  /* as in thread_state_cache */
  u64 interp; /* interpreter whose threads are walked next */
  u64 tstate; /* next thread state to look at */
  u64 found[PROFD_THREAD_STATES];
  u32 found_count;
  u32 want;        /* stop after so many */
  u32 first_place; /* of found[0] among the found ones, in the list's order */
  u32 outcome;     /* enum stack_state: were all the thread's states seen? */
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

static __always_inline long end_search(struct thread_search *search, enum stack_state outcome) {
  search->outcome = outcome;
  return 1;
}

/* One step along the list of interpreters and their thread states. Returns 1 to stop. */
static long search_step(u32 index, struct thread_search_context *context) {
  const struct py_layout *layout = context->layout;
  struct thread_search *search = context->search;
  u64 tstate = search->tstate, next, id;
  (void)index;

  if (!tstate) {
    u64 interp = search->interp;
    if (!interp) return end_search(search, STACK_WHOLE);
    if (read_field(&tstate, layout, interp, PY_INTERP_THREADS_HEAD) ||
        read_field(&next, layout, interp, PY_INTERP_NEXT))
      return end_search(search, STACK_TORN);
    search->tstate = tstate;
    search->interp = next;
    return 0;
  }
  if (read_field(&id, layout, tstate, PY_TSTATE_THREAD_ID)) return end_search(search, STACK_TORN);
  if (tstate == search->found[0]) search->first_place = search->found_count - 1;
  if (tstate != search->found[0] && id == search->thread_pointer) {
    u32 slot = search->found_count;
    if (slot >= PROFD_THREAD_STATES) return end_search(search, STACK_TRUNCATED);
    search->found[slot] = tstate;
    search->found_count = slot + 1;
    if (slot + 1 >= search->want) return end_search(search, STACK_WHOLE);
  }
  if (read_field(&next, layout, tstate, PY_TSTATE_NEXT)) return end_search(search, STACK_TORN);
  search->tstate = next;
  return 0;
}

/* Finds the running thread state without the list: by CPython's pthread key, by the holder of the
 * GIL, by the cache. Returns 0 with *source TSTATE_NOT_FOUND when the thread surely has none, and
 * with TSTATE_FROM_LIST when the list must tell. */
static __always_inline u64 quick_thread_state(const struct py_layout *layout,
                                              struct py_process *process, u64 thread_pointer,
                                              const struct thread_state_cache *cached, u64 owner,
                                              u8 *source) {
  int known;
  u64 tstate = thread_specific(process->tss_key, thread_pointer, &known);

  if (owns_thread(layout, tstate, thread_pointer)) {
    if (!process->tss_proven) process->tss_proven = 1;
    *source = TSTATE_FROM_TSS;
    return tstate;
  }
  if (known && !tstate && process->tss_proven) {
    *source = TSTATE_NOT_FOUND;
    return 0;
  }
  if (process->tstate_current && read_u64(&tstate, process->tstate_current) == 0 &&
      owns_thread(layout, tstate, thread_pointer)) {
    *source = TSTATE_FROM_GIL_HOLDER;
    return tstate;
  }
  if (cached && cached->owner == owner && owns_thread(layout, cached->tstate, thread_pointer)) {
    *source = TSTATE_FROM_CACHE;
    return cached->tstate;
  }
  *source = TSTATE_FROM_LIST;
  return 0;
}

/* The thread state that runs, 0 when that is not known: <= 3.11 the attached one; from 3.12 the one
 * under the pthread key, which follows each switch. */
static __always_inline u64 running_thread_state(struct thread_search *search,
                                                const struct py_process *process, u8 source) {
  u64 tstate;

  if (!process->tstate_current) return source == TSTATE_FROM_TSS ? search->found[0] : 0;
  if (read_u64(&tstate, process->tstate_current) == 0) return tstate;
  search->outcome = STACK_TORN;
  return 0;
}

/* Interpreters nest mostly in the order they were made in, thus in the list's, newest first: what
 * was found before the list (found[0]) goes to its place there. What is known to run leads. */
static __always_inline void order_nested(struct thread_search *search, u64 running) {
  u64 first = search->found[0];
  u32 place = search->first_place;
  int i;
  if (running == first) return;
#pragma unroll
  for (i = 0; i < PROFD_THREAD_STATES - 1; i++)
    if ((u32)i < place) search->found[i] = search->found[i + 1];
  search->found[place & (PROFD_THREAD_STATES - 1)] = first;
  if (!running) return;
#pragma unroll
  for (i = PROFD_THREAD_STATES - 1; i > 0; i--) {
    if (search->found[i] != running) continue;
    search->found[i] = search->found[i - 1];
    search->found[i - 1] = running;
  }
}

/* Fills search->found with the thread states of the interrupted thread, the running one first;
 * search->outcome: whether these are all.
 * The caller has set search->thread_pointer and ->owner; `cached`, the thread's slot of a cache,
 * may be NULL. */
static __always_inline void find_thread_states(struct thread_search *search,
                                               const struct py_layout *layout,
                                               struct py_process *process,
                                               struct thread_state_cache *cached, int bounded,
                                               u8 *source) {
  struct thread_search_context context = {.search = search, .layout = layout};
  u64 owner = search->owner, head = 0, other = 0, tstate;
  int i;

  __builtin_memset(search->found, 0, sizeof(search->found));
  search->found_count = 0;
  search->outcome = STACK_WHOLE;
  if (process->interp_head && read_u64(&head, process->interp_head)) search->outcome = STACK_TORN;
  if (!head && !process->tstate_current) {
    *source = TSTATE_NO_RUNTIME;
    return;
  }
  tstate = quick_thread_state(layout, process, search->thread_pointer, cached, owner, source);
  if (!tstate && *source == TSTATE_NOT_FOUND) return;
  search->found[0] = tstate;
  search->found_count = tstate ? 1 : 0;
  search->first_place = 0;
  if (head && read_field(&other, layout, head, PY_INTERP_NEXT)) search->outcome = STACK_TORN;
  if (tstate && !other) return;

  search->interp = head;
  search->tstate = 0;
  search->want = other ? PROFD_THREAD_STATES + 1 : 1;
  search->outcome = STACK_TRUNCATED; /* unless the list comes to an end */
  if (bounded) {
    for (i = 0; i < BOUNDED_THREADS; i++)
      if (search_step(i, &context)) break;
  } else {
    bpf_loop(PROFD_MAX_THREADS_WALKED, search_step, &context, 0);
  }
  if (!search->found_count) {
    *source = TSTATE_NOT_FOUND;
    return;
  }
  if (!tstate && cached) {
    cached->owner = owner;
    cached->tstate = search->found[0];
  }
  if (search->found_count > 1) order_nested(search, running_thread_state(search, process, *source));
}

/* The stack of a thread of which no state was found: none, unless the search did not get far
 * enough. */
static __always_inline u8 stack_without_state(const struct thread_search *search, u8 source) {
  if (source != TSTATE_NOT_FOUND || search->outcome < STACK_TRUNCATED ||
      search->thread_pointer == NO_THREAD_POINTER)
    return STACK_NONE;
  return search->outcome;
}

#endif /* PROFD_BPF_THREAD_STATE_BPF_H_ */
