/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Breaks every rule that object_rules.cc knows. Never loaded. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, unsigned int);
  __type(value, unsigned int);
} shared SEC(".maps");

struct large {
  char bytes[(32 << 10) + 8];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, unsigned int);
  __type(value, struct large);
} large SEC(".maps");

char stack[256];

static __attribute__((noinline)) long in_subprogram(unsigned int key) {
  char half[300];
  bpf_get_current_comm(half, sizeof(half));
  return bpf_map_delete_elem(&shared, &key);
}

SEC("perf_event")
int inserts(void *ctx) {
  unsigned int key = 1;
  char half[250];
  bpf_get_current_comm(half, sizeof(half));
  bpf_map_update_elem(&shared, &key, &key, BPF_ANY);
  bpf_get_stackid(ctx, &shared, 0);
  bpf_get_stack(ctx, stack, sizeof(stack), BPF_F_USER_STACK);
  bpf_get_stack(ctx, stack, sizeof(stack), 0); /* allowed */
  return in_subprogram(key);
}

SEC("kprobe/do_exit")
int probes(void *ctx) {
  (void)ctx;
  return 0;
}

SEC("raw_tp/sched_switch")
int switches(void *ctx) {
  (void)ctx;
  return 0;
}
