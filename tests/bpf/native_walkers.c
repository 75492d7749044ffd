#include "tests/bpf/native_walkers.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/python_stack.bpf.h"
#include "bpf/thread_state.bpf.h"

_Static_assert(sizeof(struct native_cache) == sizeof(struct thread_state_cache), "same structure");

/* Scratch comes from the heap, where ASan sees a write past its end; it starts as a sampler's
 * would: full of what the last sample left there. */
static void *stale(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) abort();
  return memset(memory, 0xa5, bytes);
}

struct code_memo *native_memo_new(void) {
  struct code_memo *memo = calloc(1, sizeof(*memo));
  if (!memo) abort();
  return memo;
}

static void walk(struct native_sample *sample, const struct thread_search *search) {
  struct py_frame_record *frames = stale(sizeof(sample->frames));
  struct py_walk *walk = stale(sizeof(*walk));
  struct code_memo *memo = sample->memo ? sample->memo : native_memo_new();
  u32 i;

  prepare_walk(walk, &sample->process, sample->process.incarnation, search, sample->gate_epoch);
  if (walk->tstate_count) walk_python(walk, memo, &sample->layout, frames, sample->bounded);
  sample->unnamed_count = walk->unnamed_count;
  for (i = 0; i < walk->unnamed_count; i++) {
    struct code_facts *facts = &memo->slots[walk->unnamed[i].memo_slot];
    if (facts->tag == frames[walk->unnamed[i].depth].tag) facts->named_epoch = sample->gate_epoch;
  }
  if (!sample->memo) free(memo);
  sample->process.code_type = walk->code_type;
  sample->depth = walk->depth;
  sample->stack_state = walk->state;
  sample->half_pushed = walk->half_pushed;
  if (walk->depth > PROFD_MAX_PY_FRAMES) abort();
  memcpy(sample->frames, frames, walk->depth * sizeof(*frames));
  free(walk);
  free(frames);
}

void native_walk(struct native_sample *sample) {
  struct thread_search search = {.found_count = sample->tstate_count, .outcome = STACK_WHOLE};
  memcpy(search.found, sample->tstates, sizeof(search.found));
  walk(sample, &search);
}

void native_sample_thread(struct native_sample *sample) {
  struct thread_state_cache cache = {0};
  struct thread_search *search = stale(sizeof(*search));

  if (sample->cache) memcpy(&cache, sample->cache, sizeof(cache));
  search->thread_pointer = sample->thread_pointer;
  search->owner = sample->owner;
  find_thread_states(search, &sample->layout, &sample->process, sample->cache ? &cache : NULL,
                     sample->bounded, &sample->tstate_source);
  if (sample->cache) memcpy(sample->cache, &cache, sizeof(cache));
  memcpy(sample->tstates, search->found, sizeof(sample->tstates));
  sample->tstate_count = search->found_count;
  walk(sample, search);
  if (!search->found_count)
    sample->stack_state = stack_without_state(search, sample->tstate_source);
  free(search);
}
