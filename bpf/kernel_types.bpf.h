/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The few fields of kernel structures that we read; CO-RE finds them in the running kernel. */
#ifndef PROFD_BPF_KERNEL_TYPES_BPF_H_
#define PROFD_BPF_KERNEL_TYPES_BPF_H_

#include "bpf/events.h"

#define PROFD_PF_KTHREAD 0x00200000 /* include/linux/sched.h, unchanged since 2.6 */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_struct {
  unsigned long fsbase; /* x86-64: user space's thread pointer */
};

struct atomic_int {
  int counter;
};

struct list_head {
  struct list_head *next;
};

struct signal_struct {
  struct atomic_int live;
  struct list_head thread_head;
  unsigned long long sum_sched_runtime;
};

struct sched_entity {
  u64 sum_exec_runtime;
  u64 prev_sum_exec_runtime; /* when it was switched in */
};

struct sched_info {
  unsigned long long run_delay;
};

struct task_struct {
  int pid;
  int tgid;
  unsigned int flags;
  unsigned int __state; /* 5.14+ */
  int exit_state;
  int on_cpu;
  unsigned int in_iowait : 1;
  unsigned long nvcsw;
  unsigned long nivcsw;
  u64 start_time;
  void *stack;
  void *mm;
  struct task_struct *group_leader;
  struct signal_struct *signal;
  struct list_head thread_node;
  struct sched_entity se;
  struct sched_info sched_info;
  struct thread_struct thread;
  char comm[PROFD_COMM_BYTES];
};

struct task_struct___before_514 {
  long state;
};

struct seq_file;

struct bpf_iter_meta {
  struct seq_file *seq;
};

struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
};

#pragma clang attribute pop

#endif /* PROFD_BPF_KERNEL_TYPES_BPF_H_ */
