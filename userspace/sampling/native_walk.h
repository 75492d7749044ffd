/* The walkers of bpf/, compiled natively: they read the thread that user space asks about. */
#ifndef PROFD_USERSPACE_SAMPLING_NATIVE_WALK_H_
#define PROFD_USERSPACE_SAMPLING_NATIVE_WALK_H_

#include "bpf/events.h"

#ifdef __cplusplus
extern "C" {
#endif

struct native_walker; /* scratch, and what was learnt of code objects: for one thread */

struct native_walker *native_walker_new(void); /* NULL: no memory */
void native_walker_free(struct native_walker *walker);

struct native_thread {
  const struct py_layout *layout;
  struct py_process *process; /* what is learnt of it is put back */
  u64 thread_pointer;
  u64 tstate; /* of an earlier walk, or 0; what was found */
  /* What came out. */
  const struct py_frame_record *frames; /* the walker's, until its next walk */
  u32 frame_count;
  u8 stack_state;   /* enum stack_state */
  u8 tstate_source; /* enum thread_state_source */
  u8 holds_gil;
};

/* Reads through bpf_probe_read_user(), which reads the process that the caller has set. */
void native_walk_thread(struct native_walker *walker, struct native_thread *thread);

#ifdef __cplusplus
}
#endif

#endif /* PROFD_USERSPACE_SAMPLING_NATIVE_WALK_H_ */
