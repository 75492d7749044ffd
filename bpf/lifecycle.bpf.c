/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who is a Python process: interpreter start, fork, exec, exit, a new name. All in process context
 * but process_free(). */
#include "bpf/code_tag.h"
#include "bpf/kernel_types.bpf.h"
#include "bpf/maps.bpf.h"

#include <bpf/bpf_core_read.h>
#include <linux/ptrace.h>

char LICENSE[] SEC("license") = "GPL";

enum {
  EXITING_THREADS_MAX = 512,
  SWITCHES_MAX = 4,
};

const volatile u32 has_followed = 0;

static __always_inline u64 new_incarnation(u32 tgid) {
  return mix64(bpf_ktime_get_ns() ^ (u64)tgid << 40);
}

static __always_inline long report(struct process_record *record) {
  long error;

  record->time_ns = bpf_ktime_get_ns();
  error = bpf_ringbuf_output(&lifecycle_ring, record, sizeof(*record), 0);
  if (error) count(COUNT_LIFECYCLE_RING_FULL);
  return error;
}

/* The record goes first: a sample of an incarnation must never be read before its birth. */
static __always_inline void insert(u32 tgid, struct py_process *process,
                                   struct process_record *record) {
  report(record);
  if (bpf_map_update_elem(&processes, &tgid, process, BPF_ANY)) count(COUNT_PROCESS_TABLE_FULL);
}

static __always_inline void read_comm(struct process_record *record, struct task_struct *task) {
  BPF_CORE_READ_INTO(&record->comm, task, group_leader, comm);
}

/* Of all threads of the process: those already reaped, and those on its list, of which several can
 * be on their way out when the last one gets here. Up to one scheduler tick of each is missing. */
static __always_inline u64 cpu_time_ns(struct task_struct *task) {
  struct signal_struct *signal = BPF_CORE_READ(task, signal);
  struct list_head *head = &signal->thread_head, *node = BPF_CORE_READ(head, next);
  u64 total = BPF_CORE_READ(signal, sum_sched_runtime);
  struct task_struct *thread;
  int i;

  for (i = 0; i < EXITING_THREADS_MAX && node && node != head; i++) {
    thread = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);
    total += BPF_CORE_READ(thread, se.sum_exec_runtime);
    node = BPF_CORE_READ(node, next);
  }
  return total;
}

static __always_inline void report_end(struct task_struct *task, u32 tgid,
                                       const struct py_process *process, enum record_type type) {
  struct process_record record = {.type = type, .tgid = tgid};

  record.incarnation = process->incarnation;
  record.image = process->image;
  record.cpu_ns = cpu_time_ns(task);
  report(&record);
}

static __always_inline void forget(u32 tgid, const struct py_process *process) {
  u64 incarnation = process->incarnation;

  bpf_map_delete_elem(&processes, &tgid);
  bpf_map_delete_elem(&excluded, &incarnation);
}

static __always_inline void forget_program(struct task_struct *task, u32 tgid) {
  struct py_process *known = bpf_map_lookup_elem(&processes, &tgid);

  if (!known) return;
  report_end(task, tgid, known, RECORD_PROCESS_EXEC);
  forget(tgid, known);
}

/* What the process used before its exec, or before an interpreter was loaded into it, is not
 * Python's. */
static __always_inline void take_start(struct task_struct *task, u32 tgid,
                                       struct process_record *record) {
  struct py_start *start = bpf_map_lookup_elem(&starts, &tgid);

  record->cpu_ns = cpu_time_ns(task);
  if (!start) return;
  if (bpf_ktime_get_ns() - start->exec_ns < PROFD_START_NS) {
    record->start = *start;
    record->cpu_ns = start->cpu_ns;
  }
  bpf_map_delete_elem(&starts, &tgid);
}

/* Cookie: index of the image in the upper 16 bits, linked address of the function below. */
SEC("uprobe")
int interpreter_start(struct pt_regs *ctx) {
  u64 cookie = bpf_get_attach_cookie(ctx);
  u64 base = ctx->rip - (cookie & ((1ULL << PROFD_COOKIE_ADDRESS_BITS) - 1));
  u32 index = cookie >> PROFD_COOKIE_ADDRESS_BITS, tgid = bpf_get_current_pid_tgid() >> 32;
  struct py_image *image = bpf_map_lookup_elem(&images, &index);
  struct process_record record = {.type = RECORD_PROCESS_START, .tgid = tgid, .image = index};
  struct py_process *known, process = {};

  if (!image || !image->in_use) return 0;
  known = bpf_map_lookup_elem(&processes, &tgid);
  if (known) {
    /* A second start function of the same process, or the same file under another mount: a probe
     * sits on what an overlay has below it, and all containers of an image share that. */
    if (known->image == index ||
        (image->interp_head && known->interp_head == base + image->interp_head))
      return 0;
    /* Two interpreters in one process: the later one counts, but not by turns for ever. */
    process.switches = known->switches + 1;
    if (process.switches > SWITCHES_MAX) return 0;
    forget_program((void *)bpf_get_current_task(), tgid);
  } else {
    take_start((void *)bpf_get_current_task(), tgid, &record);
  }
  process.incarnation = new_incarnation(tgid);
  if (image->interp_head) process.interp_head = base + image->interp_head;
  if (image->tss_key) process.tss_key = base + image->tss_key;
  if (image->tstate_current) process.tstate_current = base + image->tstate_current;
  process.image = index;
  record.incarnation = process.incarnation;
  record.load_base = base;
  record.followed = has_followed && bpf_map_lookup_elem(&followed, &tgid);
  read_comm(&record, (void *)bpf_get_current_task());
  insert(tgid, &process, &record);
  return 0;
}

/* Children of followed processes are followed. */
static __always_inline u32 follow(u32 parent_tgid, u32 tgid) {
  u8 one = 1;

  if (!has_followed || !bpf_map_lookup_elem(&followed, &parent_tgid)) return 0;
  if (bpf_map_update_elem(&followed, &tgid, &one, BPF_ANY)) count(COUNT_PROCESS_TABLE_FULL);
  return 1;
}

SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
  u32 parent_tgid = BPF_CORE_READ(parent, tgid), tgid = BPF_CORE_READ(child, tgid);
  struct process_record record = {.type = RECORD_PROCESS_START, .tgid = tgid};
  struct py_process *known, process;

  if (tgid == parent_tgid) return 0; /* a thread */
  record.followed = follow(parent_tgid, tgid);
  known = bpf_map_lookup_elem(&processes, &tgid);
  if (known) forget(tgid, known); /* of one with the same ID whose end was not seen */
  known = bpf_map_lookup_elem(&processes, &parent_tgid);
  if (!known) return 0;
  process = *known;
  process.incarnation = new_incarnation(tgid);
  record.incarnation = process.incarnation;
  record.parent_incarnation = known->incarnation;
  record.parent_tgid = parent_tgid;
  record.image = process.image;
  read_comm(&record, child);
  insert(tgid, &process, &record);
  return 0;
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *task = (void *)ctx->args[0];
  u32 tgid = BPF_CORE_READ(task, tgid);
  struct py_start start = {.exec_ns = bpf_ktime_get_ns(), .cpu_ns = cpu_time_ns(task)};

  forget_program(task, tgid);
  bpf_map_update_elem(&starts, &tgid, &start, BPF_ANY);
  return 0;
}

/* Its last thread still has to give back its memory and files: that is CPU time, too, up to
 * process_free(). */
SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *task = (void *)ctx->args[0];
  u32 tgid = BPF_CORE_READ(task, tgid);
  struct py_process *known;

  if (BPF_CORE_READ(task, signal, live.counter) > 0) return 0; /* other threads run on */
  if (has_followed) bpf_map_delete_elem(&followed, &tgid);
  bpf_map_delete_elem(&starts, &tgid);
  known = bpf_map_lookup_elem(&processes, &tgid);
  if (!known || known->ended) return 0;
  known->ended = 1;
  report_end(task, tgid, known, RECORD_PROCESS_EXIT);
  return 0;
}

/* No task of the process runs any more, and each has left its CPU time in `signal`. The ID may be
 * another's by now, who is not ended. Between other programs: counts nothing. */
SEC("raw_tp/sched_process_free")
int process_free(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *task = (void *)ctx->args[0];
  u32 tgid = BPF_CORE_READ(task, tgid);
  struct process_record record = {.type = RECORD_PROCESS_FREED, .tgid = tgid};
  struct py_process *known;

  if ((u32)BPF_CORE_READ(task, pid) != tgid) return 0;
  known = bpf_map_lookup_elem(&processes, &tgid);
  if (!known || !known->ended) return 0;
  record.incarnation = known->incarnation;
  record.cpu_ns = BPF_CORE_READ(task, signal, sum_sched_runtime);
  forget(tgid, known);
  bpf_ringbuf_output(&lifecycle_ring, &record, sizeof(record), BPF_RB_NO_WAKEUP);
  return 0;
}

/* The main thread's name is the process's. Attached only while names are asked for. */
SEC("raw_tp/task_rename")
int process_rename(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *task = (void *)ctx->args[0];
  u32 tgid = BPF_CORE_READ(task, tgid);
  struct process_record record = {.type = RECORD_PROCESS_RENAMED, .tgid = tgid};
  struct py_process *known;
  u8 *now, renamed = EXCLUDED_RENAMED, excluded_again = EXCLUDED;
  u64 incarnation;

  if ((u32)BPF_CORE_READ(task, pid) != tgid) return 0;
  known = bpf_map_lookup_elem(&processes, &tgid);
  if (!known) return 0;
  incarnation = known->incarnation;
  now = bpf_map_lookup_elem(&excluded, &incarnation);
  if (!now || *now != EXCLUDED) return 0;
  /* By update: the element may be another incarnation's by now. */
  if (bpf_map_update_elem(&excluded, &incarnation, &renamed, BPF_EXIST)) return 0;
  record.incarnation = incarnation;
  if (report(&record)) bpf_map_update_elem(&excluded, &incarnation, &excluded_again, BPF_EXIST);
  return 0;
}
