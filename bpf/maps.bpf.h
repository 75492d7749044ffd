/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Every map, and the settings that user space fixes before the programs are loaded. */
#ifndef PROFD_BPF_MAPS_BPF_H_
#define PROFD_BPF_MAPS_BPF_H_

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/process_maps.bpf.h"
#include "bpf/python_stack.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PROFD_MAX_IMAGES);
  __type(key, u32);
  __type(value, struct py_layout);
} layouts __weak SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PROFD_MAX_IMAGES);
  __type(key, u32);
  __type(value, struct py_image);
} images __weak SEC(".maps");

/* Processes, Python or not, whose children to come are wanted too: user space inserts the first
 * ones, fork their children. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, PROFD_MAX_PROCESSES);
  __type(key, u32);
  __type(value, u8);
} followed __weak SEC(".maps");

/* Inserted by exec, of every program; taken out where the process is registered. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, PROFD_MAX_STARTS);
  __type(key, u32);
  __type(value, struct py_start);
} starts __weak SEC(".maps");

/* Tags of code objects whose names user space has. Written by user space only, through mmap. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PROFD_GATE_SETS);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct gate_set);
} gate __weak SEC(".maps");

struct ring {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
};

/* One ring buffer for each group of CPUs; user space makes and inserts them. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, PROFD_MAX_RINGS);
  __type(key, u32);
  __array(values, struct ring);
} sample_rings __weak SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} lifecycle_ring __weak SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, COUNTER_COUNT);
  __type(key, u32);
  __type(value, u64);
} counters __weak SEC(".maps");

static __always_inline void count_n(enum counter counter, u64 n) {
  u32 key = counter;
  u64 *value = bpf_map_lookup_elem(&counters, &key);
  /* Per CPU, and no counter belongs to two programs of which one can interrupt the other. */
  if (value) *value += n;
}

static __always_inline void count(enum counter counter) { count_n(counter, 1); }

#endif /* PROFD_BPF_MAPS_BPF_H_ */
