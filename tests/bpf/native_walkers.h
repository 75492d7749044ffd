/* The walkers of bpf/, compiled natively: what one sample does with a thread of a process. */
#ifndef PROFD_TESTS_BPF_NATIVE_WALKERS_H_
#define PROFD_TESTS_BPF_NATIVE_WALKERS_H_

#include "bpf/events.h"

#ifdef __cplusplus
extern "C" {
#endif

struct native_cache {
  u64 owner;
  u64 tstate;
};

struct code_memo; /* zeroes at first, as a map */
struct code_memo *native_memo_new(void);

struct native_sample {
  struct py_layout layout;
  struct py_process process;
  struct native_cache *cache; /* may be NULL */
  u64 thread_pointer;
  u64 owner;              /* the thread's key in the cache */
  struct code_memo *memo; /* may be NULL: a fresh one */
  u32 gate_epoch;         /* all names are taken to have arrived after the sample */
  int bounded;            /* as on kernels without bpf_loop */
  /* What came out. */
  u64 tstates[PROFD_THREAD_STATES];
  u32 tstate_count;
  u32 depth;
  u8 tstate_source;
  u8 stack_state;
  u16 half_pushed;
  u32 unnamed_count; /* frames whose names had not arrived */
  struct py_frame_record frames[PROFD_MAX_PY_FRAMES];
};

/* Finds the thread's states and walks them. */
void native_sample_thread(struct native_sample *sample);
/* Walks the thread states that are already in `tstates`. */
void native_walk(struct native_sample *sample);

#ifdef __cplusplus
}
#endif

#endif /* PROFD_TESTS_BPF_NATIVE_WALKERS_H_ */
