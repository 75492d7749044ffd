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

#endif /* PROFD_BPF_REGISTERS_BPF_H_ */
