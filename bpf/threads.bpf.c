/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Reports the threads of Python processes, for those that wait: no sampler sees a thread that is
 * not on a CPU. Runs in the process context of its reader, stops nobody, and only looks up maps.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/process_maps.bpf.h"
#include "bpf/registers.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile u32 has_exclusions = 0;

/* By TID; of two threads with one slot, one is reported in full each time. Written by user space
 * only, through mmap. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PROFD_THREAD_MARKS);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct thread_mark);
} thread_marks SEC(".maps");

struct thread_report {
  struct thread_record record;
  u64 kernel_frames[PROFD_MAX_WAIT_FRAMES];
};

static __always_inline u32 task_state(struct task_struct *task) {
  const struct task_struct___before_514 *old = (const void *)task;
  if (bpf_core_field_exists(task->__state)) return task->__state;
  return BPF_CORE_READ(old, state);
}

static __always_inline int is_marked(const struct thread_record *record) {
  u32 slot = record->tid & (PROFD_THREAD_MARKS - 1);
  const struct thread_mark *mark = bpf_map_lookup_elem(&thread_marks, &slot);
  return mark && mark->start_ns == record->start_ns && mark->switches == record->switches;
}

SEC("iter/task")
int report_thread(struct bpf_iter__task *context) {
  struct task_struct *task = context->task;
  struct thread_report report = {};
  struct thread_record *record = &report.record;
  const struct py_process *process;
  u32 tgid, bytes = sizeof(*record);
  long kernel_bytes;

  if (!task) return 0;
  tgid = task->tgid;
  process = bpf_map_lookup_elem(&processes, &tgid);
  if (!process || process->ended || task->exit_state) return 0;
  record->incarnation = process->incarnation;
  if (has_exclusions && bpf_map_lookup_elem(&excluded, &record->incarnation)) return 0;

  record->tgid = tgid;
  record->tid = task->pid;
  record->start_ns = task->start_time;
  /* In this order: a thread that leaves its CPU counts its switch first. */
  if (*(volatile int *)&task->on_cpu) record->flags |= THREAD_ON_CPU;
  record->switches = *(volatile unsigned long *)&task->nvcsw;
  record->switches += *(volatile unsigned long *)&task->nivcsw;
  record->exec_ns = *(volatile u64 *)&task->se.sum_exec_runtime;
  if (bpf_core_field_exists(task->sched_info.run_delay))
    record->delay_ns = *(volatile u64 *)&task->sched_info.run_delay;
  record->time_ns = bpf_ktime_get_ns();
  record->state = task_state(task);
  record->thread_pointer = thread_pointer(task);
  if (!(record->flags & THREAD_ON_CPU) && is_marked(record)) record->flags |= THREAD_MARKED;
  if (!(record->flags & (THREAD_ON_CPU | THREAD_MARKED))) {
    if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait)) record->flags |= THREAD_IN_IOWAIT;
    read_syscall(task, record);
    BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
    kernel_bytes = bpf_get_task_stack(task, report.kernel_frames, sizeof(report.kernel_frames), 0);
    if (kernel_bytes > 0 && kernel_bytes <= (long)sizeof(report.kernel_frames)) {
      record->kernel_frames = (u32)kernel_bytes / sizeof(u64);
      bytes += record->kernel_frames * sizeof(u64);
    }
  }
  if (bytes > sizeof(report)) bytes = sizeof(report);
  bpf_seq_write(context->meta->seq, &report, bytes);
  return 0;
}
