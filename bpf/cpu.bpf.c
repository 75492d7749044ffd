/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* On-CPU sampler: one record for each perf event that falls into a Python process. */
#include "bpf/code_object.bpf.h"
#include "bpf/kernel_types.bpf.h"
#include "bpf/registers.bpf.h"
#include "bpf/thread_state.bpf.h"

#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

const volatile u64 sample_period_ns = 0;
const volatile u32 ring_count = 1;
const volatile u32 has_exclusions = 0;

enum {
  THREAD_CACHE_SLOTS = 1024,
  TOLD_SLOTS = 512,
  BOUNDED_FRAMES = 128, /* without bpf_loop (kernels before 5.17) */
  BOUNDED_SENDS = 32,
  BOUNDED_THREADS = 64,
};

struct sample_scratch {
  struct sample_record record;
  struct py_frame_record frames[PROFD_MAX_PY_FRAMES];
  u64 kernel_frames[PROFD_MAX_KERNEL_FRAMES];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct sample_scratch);
} sample_scratch SEC(".maps");

struct walk_scratch {
  struct thread_search search;
  struct py_walk walk;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct walk_scratch);
} walk_scratch SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, THREAD_CACHE_SLOTS);
  __type(key, u32);
  __type(value, struct thread_state_cache);
} thread_cache SEC(".maps");

/* Processes outside `processes` that user space was told of: one record each, not one a sample. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, TOLD_SLOTS);
  __type(key, u32);
  __type(value, u64);
} told SEC(".maps");

/* What this CPU's perf event had counted at its last firing. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} last_count SEC(".maps");

/* Periods that passed since the last firing: more than one when the kernel skipped ticks. */
static __always_inline u32 elapsed_ticks(struct bpf_perf_event_data *ctx) {
  struct bpf_perf_event_value value = {};
  u32 zero = 0;
  u64 *last = bpf_map_lookup_elem(&last_count, &zero);
  u64 ticks, delta;

  if (!last || !sample_period_ns || bpf_perf_prog_read_value(ctx, &value, sizeof(value))) return 1;
  delta = value.counter - *last;
  *last = value.counter;
  ticks = (delta + sample_period_ns / 2) / sample_period_ns;
  if (ticks < 1) return 1;
  if (ticks > 1000000) ticks = 1000000;
  count_n(COUNT_TICKS_SKIPPED, ticks - 1);
  return ticks;
}

static __always_inline void tell_of_unknown(u32 tgid, u64 now_ns) {
  struct process_record record = {.type = RECORD_PROCESS_UNKNOWN, .tgid = tgid, .time_ns = now_ns};
  u32 slot = tgid & (TOLD_SLOTS - 1);
  u64 *entry = bpf_map_lookup_elem(&told, &slot);
  /* Once in about four seconds, since a process may load an interpreter later on. */
  u64 mark = (u64)tgid << 32 | (now_ns >> 32);

  if (!entry || *entry == mark) return;
  *entry = mark;
  bpf_ringbuf_output(&lifecycle_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP);
}

/* Finds the running thread state without the list: by CPython's pthread key, by the holder of the
 * GIL, by the cache. Returns 0 with *source TSTATE_NOT_FOUND when the thread surely has none, and
 * with TSTATE_FROM_LIST when the list must tell. */
static __always_inline u64 quick_thread_state(const struct py_layout *layout,
                                              struct py_process *process, u64 thread_pointer,
                                              struct thread_state_cache *cached, u64 owner,
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

/* <= 3.11: the pthread key keeps the thread's first state; the one that runs is the attached one. */
static __always_inline void put_attached_first(struct thread_search *search, u64 attached) {
  int i;
#pragma unroll
  for (i = 1; i < PROFD_THREAD_STATES; i++) {
    if (search->found[i] != attached) continue;
    search->found[i] = search->found[0];
    search->found[0] = attached;
    return;
  }
}

/* Fills search->found with the thread states of the interrupted thread, the running one first. */
static __always_inline void find_thread_states(struct thread_search *search,
                                               const struct py_layout *layout,
                                               struct py_process *process, u32 tid, int bounded,
                                               u8 *source) {
  struct thread_search_context context = {.search = search, .layout = layout};
  u64 owner = mix64(process->incarnation ^ tid), head = 0, other = 0, attached, tstate;
  u32 slot = owner & (THREAD_CACHE_SLOTS - 1);
  struct thread_state_cache *cached = bpf_map_lookup_elem(&thread_cache, &slot);
  int i;

  __builtin_memset(search->found, 0, sizeof(search->found));
  search->found_count = 0;
  if ((!process->interp_head || read_u64(&head, process->interp_head) || !head) &&
      !process->tstate_current) {
    *source = TSTATE_NO_RUNTIME;
    return;
  }
  tstate = quick_thread_state(layout, process, search->thread_pointer, cached, owner, source);
  if (!tstate && *source == TSTATE_NOT_FOUND) return;
  search->found[0] = tstate;
  search->found_count = tstate ? 1 : 0;
  read_field(&other, layout, head, PY_INTERP_NEXT);
  if (tstate && !other) return;

  search->interp = head;
  search->tstate = 0;
  search->want = other ? PROFD_THREAD_STATES : 1;
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
  if (search->found_count > 1 && process->tstate_current &&
      read_u64(&attached, process->tstate_current) == 0)
    put_attached_first(search, attached);
}

static __always_inline void walk_python(struct py_walk *walk, const struct py_layout *layout,
                                        struct py_frame_record *frames, int bounded) {
  struct py_walk_context context = {.walk = walk, .layout = layout, .frames = frames};
  int i;

  if (begin_walk(walk, layout)) return;
  if (bounded) {
    for (i = 0; i < BOUNDED_FRAMES; i++)
      if (walk_step(i, &context)) break;
  } else {
    bpf_loop(PY_STEPS_MAX, walk_step, &context, 0);
  }
}

static __always_inline int sample(struct bpf_perf_event_data *ctx, int bounded) {
  u64 id = bpf_get_current_pid_tgid(), now_ns = bpf_ktime_get_ns();
  u32 tgid = id >> 32, tid = id, zero = 0, ticks, slot, i, bytes;
  struct task_struct *task = (void *)bpf_get_current_task();
  struct code_sender sender = {};
  struct walk_scratch *walking;
  struct sample_scratch *scratch;
  struct sample_record *record;
  struct py_process *process;
  struct py_layout *layout;
  struct py_walk *walk;
  long kernel_bytes = 0;
  void *ring;

  count(EVENT_FIRED);
  ticks = elapsed_ticks(ctx);
  if (!tid) {
    count(OUTCOME_IDLE);
    return 0;
  }
  process = bpf_map_lookup_elem(&processes, &tgid);
  if (!process) {
    if (BPF_CORE_READ(task, flags) & PROFD_PF_KTHREAD) {
      count(OUTCOME_KERNEL_THREAD);
    } else {
      tell_of_unknown(tgid, now_ns);
      count(OUTCOME_NOT_PYTHON);
    }
    return 0;
  }
  if (has_exclusions && bpf_map_lookup_elem(&excluded, &process->incarnation)) {
    count(OUTCOME_EXCLUDED);
    return 0;
  }
  slot = bpf_get_smp_processor_id() % ring_count;
  ring = bpf_map_lookup_elem(&sample_rings, &slot);
  scratch = bpf_map_lookup_elem(&sample_scratch, &zero);
  walking = bpf_map_lookup_elem(&walk_scratch, &zero);
  layout = bpf_map_lookup_elem(&layouts, &process->image);
  if (!ring || !scratch || !walking || !layout) {
    count(OUTCOME_LOST_INTERNAL);
    return 0;
  }

  record = &scratch->record;
  record->type = RECORD_SAMPLE;
  record->cpu = bpf_get_smp_processor_id();
  record->time_ns = now_ns;
  record->incarnation = process->incarnation;
  record->cgroup_id = bpf_get_current_cgroup_id();
  record->in_kernel = !interrupted_user_mode(ctx);
  record->user_ip = record->in_kernel ? 0 : instruction_pointer(ctx);
  record->tgid = tgid;
  record->tid = tid;
  record->ticks = ticks;
  record->stack_state = STACK_NONE;
  record->reserved = 0;
  bpf_get_current_comm(record->thread_comm, sizeof(record->thread_comm));
  BPF_CORE_READ_INTO(&record->process_comm, task, group_leader, comm);

  walk = &walking->walk;
  walk->incarnation = process->incarnation;
  walk->code_type = process->code_type;
  walk->page_start = 0;
  walk->page_bytes = 0;
  walk->depth = 0;
  walk->frame_flags = 0;
  walk->half_pushed = 0;
  walk->tstate_index = 0;
  walking->search.thread_pointer = record->thread_id = thread_pointer(task);
  find_thread_states(&walking->search, layout, process, tid, bounded, &record->tstate_source);
  walk->tstate_count = walking->search.found_count;
  if (walk->tstate_count) {
    __builtin_memcpy(walk->tstates, walking->search.found, sizeof(walk->tstates));
    walk_python(walk, layout, scratch->frames, bounded);
    if (walk->depth || walk->state >= STACK_TRUNCATED) record->stack_state = walk->state;
    if (walk->code_type != process->code_type) process->code_type = walk->code_type;
  } else {
    count(COUNT_NO_THREAD_STATE);
  }
  record->half_pushed = walk->half_pushed;
  if (walk->half_pushed) count_n(COUNT_HALF_PUSHED_FRAMES, walk->half_pushed);
  if (record->stack_state == STACK_TRUNCATED) count(COUNT_STACK_TRUNCATED);
  if (record->stack_state == STACK_TORN) count(COUNT_STACK_TORN);

  sender.layout = layout;
  sender.frames = scratch->frames;
  sender.ring = ring;
  sender.incarnation = process->incarnation;
  sender.now_ns = now_ns;
  sender.tgid = tgid;
  sender.frame_count = walk->depth;
  if (bounded) {
    for (i = 0; i < BOUNDED_SENDS; i++)
      if (send_step(i, &sender)) break;
  } else if (sender.frame_count) {
    bpf_loop(PROFD_MAX_PY_FRAMES, send_step, &sender, 0);
  }

  bytes = walk->depth;
  if (bytes > PROFD_MAX_PY_FRAMES) bytes = PROFD_MAX_PY_FRAMES;
  record->py_frames = bytes;
  bytes *= sizeof(struct py_frame_record);
  if (record->in_kernel)
    kernel_bytes = bpf_get_stack(ctx, (u8 *)scratch->frames + bytes,
                                 sizeof(scratch->kernel_frames), 0);
  if (kernel_bytes < 0 || kernel_bytes > (long)sizeof(scratch->kernel_frames)) kernel_bytes = 0;
  record->kernel_frames = (u32)kernel_bytes / sizeof(u64);
  bytes += (u32)kernel_bytes;
  if (bytes > sizeof(scratch->frames) + sizeof(scratch->kernel_frames)) return 0;
  if (bpf_ringbuf_output(ring, scratch, sizeof(*record) + bytes, BPF_RB_NO_WAKEUP))
    count(OUTCOME_LOST_RING_FULL);
  else
    count(OUTCOME_SAMPLE);
  return 0;
}

SEC("perf_event")
int sample_cpu(struct bpf_perf_event_data *ctx) { return sample(ctx, 0); }

/* For kernels without bpf_loop: fewer frames. */
SEC("perf_event")
int sample_cpu_bounded(struct bpf_perf_event_data *ctx) { return sample(ctx, 1); }
