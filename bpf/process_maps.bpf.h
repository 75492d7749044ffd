/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who is a Python process: the maps that every object of ours shares. */
#ifndef PROFD_BPF_PROCESS_MAPS_BPF_H_
#define PROFD_BPF_PROCESS_MAPS_BPF_H_

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/events.h"

/* Inserted in process context (uprobe, fork) and by user space; deleted when the last task has
 * gone, by exec, by fork for the newborn's ID, and by user space. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, PROFD_MAX_PROCESSES);
  __type(key, u32);
  __type(value, struct py_process);
} processes __weak SEC(".maps");

/* Incarnations that the user did not select: enum exclusion. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, PROFD_MAX_PROCESSES);
  __type(key, u64);
  __type(value, u8);
} excluded __weak SEC(".maps");

#endif /* PROFD_BPF_PROCESS_MAPS_BPF_H_ */
