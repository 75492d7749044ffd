/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* On-CPU sampler: one record for each perf event that falls into a Python process. */
#include "bpf/code_object.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/kernel_types.bpf.h"
#include "bpf/registers.bpf.h"
#include "bpf/thread_state.bpf.h"

#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

const volatile u64 sample_period_ns = 0;
const volatile u32 ring_count = 1;
const volatile u32 has_exclusions = 0;
const volatile u32 want_gil = 0;

/* Raised by user space after it has taken tags from the gate: what was seen there must be looked up
 * again. */
volatile u32 gate_epoch = 1;

enum {
  THREAD_CACHE_SLOTS = 1024,
  TOLD_SLOTS = 512,
  MAX_WEIGHT_NS = 1000000000, /* of one sample: a machine that was paused did not compute */
  BOUNDED_SENDS = 32,         /* without bpf_loop (kernels before 5.17) */
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
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct code_memo);
} code_memo SEC(".maps");

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

/* Up to where this CPU's samples have accounted for what its perf event counted, in ns. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} accounted_ns SEC(".maps");

/* Time that a thread has been on its CPU since it was switched in; up to a scheduler tick more. */
static __always_inline u64 ran_ns(struct task_struct *task) {
  return BPF_CORE_READ(task, se.sum_exec_runtime) - BPF_CORE_READ(task, se.prev_sum_exec_runtime);
}

/*
 * Periods that this firing stands for: more than one when the kernel skipped some. The timer keeps
 * its phase, so that a late firing is not a skipped one. An idle CPU may not fire at all: what came
 * before the thread was switched in is not its time.
 */
static __always_inline u32 elapsed_ticks(struct bpf_perf_event_data *ctx,
                                         struct task_struct *task) {
  struct bpf_perf_event_value value = {};
  u32 zero = 0;
  u64 *accounted = bpf_map_lookup_elem(&accounted_ns, &zero);
  u64 ticks = 1, ahead, most;

  if (!accounted || !sample_period_ns || bpf_perf_prog_read_value(ctx, &value, sizeof(value)))
    return 1;
  if (value.counter > *accounted) ticks = (value.counter - *accounted) / sample_period_ns;
  if (ticks < 1) ticks = 1;
  *accounted += ticks * sample_period_ns;
  /* The timer's clock runs with NTP, the counter's does not: do not save up the difference. */
  ahead = *accounted - value.counter;
  if (*accounted > value.counter && ahead > sample_period_ns)
    *accounted = value.counter + sample_period_ns;
  if (ticks == 1) return 1;
  most = 1 + ran_ns(task) / sample_period_ns;
  if (most * sample_period_ns > MAX_WEIGHT_NS) most = 1 + MAX_WEIGHT_NS / sample_period_ns;
  if (ticks > most) {
    count_n(COUNT_TICKS_IDLE, ticks - most);
    ticks = most;
  }
  count_n(COUNT_TICKS_SKIPPED, ticks - 1);
  return ticks;
}

/* It may be an interpreter that is about to start. */
static __always_inline void count_start(u32 tgid, u32 ticks) {
  struct py_start *start = bpf_map_lookup_elem(&starts, &tgid);

  if (!start) return;
  __sync_fetch_and_add(&start->events, 1);
  __sync_fetch_and_add(&start->ticks, ticks);
}

static __always_inline void tell_of_unknown(u32 tgid, u64 now_ns) {
  struct stranger_record record = {.type = RECORD_PROCESS_UNKNOWN, .tgid = tgid, .time_ns = now_ns};
  u32 slot = tgid & (TOLD_SLOTS - 1);
  u64 *entry = bpf_map_lookup_elem(&told, &slot);
  /* Once in about four seconds, since a process may load an interpreter later on. */
  u64 mark = (u64)tgid << 32 | (now_ns >> 32);

  if (!entry || *entry == mark) return;
  if (bpf_ringbuf_output(&lifecycle_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP) == 0)
    *entry = mark;
}

/* Of records that come rarely enough user space looks after the rings by itself. Soon enough for it
 * to come before names are held back (send_step). */
static __always_inline u64 wakeup_flag(void *ring) {
  u64 size = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);
  return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > size / 4 ? BPF_RB_FORCE_WAKEUP
                                                               : BPF_RB_NO_WAKEUP;
}

/* The process whose Python stack this firing takes; of all others it counts why there is none. */
static __always_inline struct py_process *sampled_process(struct task_struct *task, u64 id,
                                                          u32 ticks, u64 now_ns) {
  u32 tgid = id >> 32, tid = id;
  struct py_process *process;

  if (!tid) {
    count(OUTCOME_IDLE);
    return 0;
  }
  process = bpf_map_lookup_elem(&processes, &tgid);
  if (process) return process;
  if (BPF_CORE_READ(task, flags) & PROFD_PF_KTHREAD) {
    count(OUTCOME_KERNEL_THREAD);
  } else {
    tell_of_unknown(tgid, now_ns);
    count_start(tgid, ticks);
    count(OUTCOME_NOT_PYTHON);
  }
  return 0;
}

static __always_inline void begin_record(struct sample_record *record,
                                         struct bpf_perf_event_data *ctx, struct task_struct *task,
                                         u64 id, u64 incarnation, u32 ticks, u64 now_ns) {
  record->type = RECORD_SAMPLE;
  record->cpu = bpf_get_smp_processor_id();
  record->time_ns = now_ns;
  record->incarnation = incarnation;
  record->in_kernel = !interrupted_user_mode(ctx);
  record->user_ip = record->in_kernel ? 0 : instruction_pointer(ctx);
  record->tgid = id >> 32;
  record->tid = id;
  record->ticks = ticks;
  record->stack_state = STACK_NONE;
  record->flags = 0;
  record->thread_id = thread_pointer(task);
  bpf_get_current_comm(record->thread_comm, sizeof(record->thread_comm));
  BPF_CORE_READ_INTO(&record->process_comm, task, group_leader, comm);
}

/* A thread state that was freed keeps its thread's ID, and no frames. */
static __always_inline void forget_cached(u64 owner) {
  u32 slot = owner & (THREAD_CACHE_SLOTS - 1);
  struct thread_state_cache *cached = bpf_map_lookup_elem(&thread_cache, &slot);

  if (cached && cached->owner == owner) cached->owner = 0;
}

/* Writes the thread's frames to `scratch` and says in its record how the walk went. */
static __always_inline void take_python_stack(struct sample_scratch *scratch,
                                              struct walk_scratch *walking, struct code_memo *memo,
                                              const struct py_layout *layout,
                                              struct py_process *process, struct task_struct *task,
                                              int bounded) {
  struct sample_record *record = &scratch->record;
  struct thread_search *search = &walking->search;
  struct py_walk *walk = &walking->walk;
  u64 owner = mix64(record->incarnation ^ record->tid);
  u32 slot = owner & (THREAD_CACHE_SLOTS - 1);

  /* One without memory of its own may stand in another's. */
  search->thread_pointer = BPF_CORE_READ(task, mm) ? record->thread_id : NO_THREAD_POINTER;
  search->owner = owner;
  find_thread_states(search, layout, process, bpf_map_lookup_elem(&thread_cache, &slot), bounded,
                     &record->tstate_source);
  prepare_walk(walk, process, record->incarnation, search, gate_epoch);
  if (walk->tstate_count) {
    walk_python(walk, memo, layout, scratch->frames, bounded);
    if (walk->depth || walk->state >= STACK_TRUNCATED) record->stack_state = walk->state;
    if (!walk->depth && record->tstate_source == TSTATE_FROM_CACHE) forget_cached(search->owner);
    if (walk->code_type != process->code_type) process->code_type = walk->code_type;
    if (want_gil && holds_gil(layout, process, walk->tstates[0])) record->flags = SAMPLE_HOLDS_GIL;
  } else {
    record->stack_state = stack_without_state(search, record->tstate_source);
    if (record->stack_state == STACK_NONE) count(COUNT_NO_THREAD_STATE);
  }
  record->half_pushed = walk->half_pushed;
  if (walk->half_pushed) count_n(COUNT_HALF_PUSHED_FRAMES, walk->half_pushed);
  if (record->stack_state == STACK_TRUNCATED) count(COUNT_STACK_TRUNCATED);
  if (record->stack_state == STACK_TORN) count(COUNT_STACK_TORN);
}

static __always_inline void send_names(const struct sample_scratch *scratch, struct py_walk *walk,
                                       struct code_memo *memo, const struct py_layout *layout,
                                       void *ring, int bounded) {
  struct code_sender sender = {.layout = layout,
                               .frames = scratch->frames,
                               .walk = walk,
                               .memo = memo,
                               .ring = ring,
                               .incarnation = scratch->record.incarnation,
                               .now_ns = scratch->record.time_ns,
                               .tgid = scratch->record.tgid};
  u32 i;

  if (bounded) {
    for (i = 0; i < BOUNDED_SENDS; i++)
      if (send_step(i, &sender)) break;
  } else if (walk->unnamed_count) {
    bpf_loop(PROFD_MAX_PY_FRAMES, send_step, &sender, 0);
  }
}

/* Puts the kernel's frames behind Python's. Returns the bytes of both. */
static __always_inline u32 append_kernel_stack(struct bpf_perf_event_data *ctx,
                                               struct sample_scratch *scratch, u32 depth) {
  struct sample_record *record = &scratch->record;
  long kernel_bytes = 0;
  u32 bytes = depth;

  if (bytes > PROFD_MAX_PY_FRAMES) bytes = PROFD_MAX_PY_FRAMES;
  record->py_frames = bytes;
  bytes *= sizeof(struct py_frame_record);
  if (record->in_kernel)
    kernel_bytes =
        bpf_get_stack(ctx, (u8 *)scratch->frames + bytes, sizeof(scratch->kernel_frames), 0);
  if (kernel_bytes < 0 || kernel_bytes > (long)sizeof(scratch->kernel_frames)) kernel_bytes = 0;
  record->kernel_frames = (u32)kernel_bytes / sizeof(u64);
  return bytes + (u32)kernel_bytes;
}

static __always_inline int sample(struct bpf_perf_event_data *ctx, int bounded) {
  u64 id = bpf_get_current_pid_tgid(), now_ns = bpf_ktime_get_ns(), incarnation;
  struct task_struct *task = (void *)bpf_get_current_task();
  struct walk_scratch *walking;
  struct sample_scratch *scratch;
  struct py_process *process;
  struct py_layout *layout;
  struct code_memo *memo;
  u32 zero = 0, ticks, slot, bytes;
  void *ring;

  count(EVENT_FIRED);
  ticks = elapsed_ticks(ctx, task);
  process = sampled_process(task, id, ticks, now_ns);
  if (!process) return 0;
  incarnation = process->incarnation; /* once: the entry may be replaced meanwhile */
  if (has_exclusions && bpf_map_lookup_elem(&excluded, &incarnation)) {
    count(OUTCOME_EXCLUDED);
    return 0;
  }
  slot = bpf_get_smp_processor_id() % ring_count;
  ring = bpf_map_lookup_elem(&sample_rings, &slot);
  scratch = bpf_map_lookup_elem(&sample_scratch, &zero);
  walking = bpf_map_lookup_elem(&walk_scratch, &zero);
  memo = bpf_map_lookup_elem(&code_memo, &zero);
  layout = bpf_map_lookup_elem(&layouts, &process->image);
  if (!ring || !scratch || !walking || !memo || !layout) {
    count(OUTCOME_LOST_INTERNAL);
    return 0;
  }

  begin_record(&scratch->record, ctx, task, id, incarnation, ticks, now_ns);
  take_python_stack(scratch, walking, memo, layout, process, task, bounded);
  send_names(scratch, &walking->walk, memo, layout, ring, bounded);
  bytes = append_kernel_stack(ctx, scratch, walking->walk.depth);
  if (bytes > sizeof(scratch->frames) + sizeof(scratch->kernel_frames)) {
    count(OUTCOME_LOST_INTERNAL);
    return 0;
  }
  if (bpf_ringbuf_output(ring, scratch, sizeof(scratch->record) + bytes, wakeup_flag(ring)))
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
