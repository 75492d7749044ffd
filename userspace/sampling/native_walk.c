#include "userspace/sampling/native_walk.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/gil.bpf.h"
#include "bpf/python_stack.bpf.h"
#include "bpf/thread_state.bpf.h"

struct native_walker {
  struct thread_search search;
  struct py_walk walk;
  struct code_memo memo;
  struct py_frame_record frames[PROFD_MAX_PY_FRAMES];
};

struct native_walker *native_walker_new(void) {
  return calloc(1, sizeof(struct native_walker));
}

void native_walker_free(struct native_walker *walker) { free(walker); }

void native_walk_thread(struct native_walker *walker, struct native_thread *thread) {
  const u64 owner = thread->process->incarnation;
  struct thread_state_cache cache = {.owner = owner, .tstate = thread->tstate};
  struct thread_search *search = &walker->search;
  struct py_walk *walk = &walker->walk;

  search->thread_pointer = thread->thread_pointer;
  search->owner = owner;
  find_thread_states(search, thread->layout, thread->process, &cache, 0, &thread->tstate_source);
  prepare_walk(walk, thread->process, thread->process->incarnation, search, 0);
  thread->tstate = search->found_count ? search->found[0] : 0;
  thread->stack_state = STACK_NONE;
  if (walk->tstate_count) {
    walk_python(walk, &walker->memo, thread->layout, walker->frames, 0);
    if (walk->depth || walk->state >= STACK_TRUNCATED) thread->stack_state = walk->state;
    thread->process->code_type = walk->code_type;
  } else {
    thread->stack_state = stack_without_state(search, thread->tstate_source);
  }
  thread->frames = walker->frames;
  thread->frame_count = walk->depth;
  thread->holds_gil = holds_gil(thread->layout, thread->process, thread->tstate);
}
