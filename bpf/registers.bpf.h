/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The only place that knows register names. */
#ifndef PROFD_BPF_REGISTERS_BPF_H_
#define PROFD_BPF_REGISTERS_BPF_H_

#include <linux/bpf_perf_event.h>
#include <linux/ptrace.h>

#include <bpf/bpf_core_read.h>

#include "bpf/kernel_types.bpf.h"

/* x86-64: the low two bits of CS are the privilege level. */
static __always_inline int interrupted_user_mode(const struct bpf_perf_event_data *ctx) {
  return (ctx->regs.cs & 3) != 0;
}

static __always_inline u64 instruction_pointer(const struct bpf_perf_event_data *ctx) {
  return ctx->regs.rip;
}

/* What pthread_self() returns in this thread. */
static __always_inline u64 thread_pointer(struct task_struct *task) {
  return BPF_CORE_READ(task, thread.fsbase);
}

/* struct pt_regs as the kernel has it; user space's headers name its fields otherwise. */
struct pt_regs___kernel {
  unsigned long si;
  unsigned long di;
  unsigned long orig_ax;
} __attribute__((preserve_access_index));

/* The user registers of a thread that is in the kernel, kept where it entered. */
static __always_inline const struct pt_regs___kernel *entry_registers(struct task_struct *task) {
  enum { THREAD_SIZE = 16384 }; /* x86-64 without KASAN */

  if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) /* 5.15+ */
    return (const void *)bpf_task_pt_regs(task);
  return task->stack + THREAD_SIZE - bpf_core_type_size(struct pt_regs___kernel);
}

static __always_inline void read_syscall(struct task_struct *task, struct thread_record *record) {
  const struct pt_regs___kernel *regs = entry_registers(task);

  record->syscall = (s32)BPF_CORE_READ(regs, orig_ax);
  record->syscall_args[0] = BPF_CORE_READ(regs, di);
  record->syscall_args[1] = BPF_CORE_READ(regs, si);
}

#endif /* PROFD_BPF_REGISTERS_BPF_H_ */
