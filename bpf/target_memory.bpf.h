/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Reads of the sampled process's memory. Tests compile the walkers natively with their own. */
#ifndef PROFD_BPF_TARGET_MEMORY_BPF_H_
#define PROFD_BPF_TARGET_MEMORY_BPF_H_

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#else
#include "bpf/native_helpers.h"
#endif

#include "bpf/events.h"

/* Shows the verifier a bound that was checked already: clang may have checked a copy. `mask` is a
 * power of two less one. */
#ifdef __bpf__
#define bound_size(size, mask) asm volatile("%0 &= %1" : "+r"(size) : "i"(mask))
#else
#define bound_size(size, mask) ((size) &= (mask))
#endif

/* All return 0 or a negative error; a failed read leaves zeroes in `out`, so callers must look at
 * the result and never at the value alone. */
static __always_inline long read_target(void *out, u32 bytes, u64 address) {
  return bpf_probe_read_user(out, bytes, (const void *)address);
}

static __always_inline long read_u64(u64 *out, u64 address) {
  return bpf_probe_read_user(out, sizeof(*out), (const void *)address);
}

static __always_inline long read_u32(u32 *out, u64 address) {
  return bpf_probe_read_user(out, sizeof(*out), (const void *)address);
}

static __always_inline int has_field(const struct py_layout *layout, enum py_field field) {
  return (layout->has >> field) & 1;
}

/* Reads a pointer field of a structure at `base`. An absent field is an error, never offset 0. */
static __always_inline long read_field(u64 *out, const struct py_layout *layout, u64 base,
                                       enum py_field field) {
  if (!has_field(layout, field) || !base) {
    *out = 0;
    return -1;
  }
  return read_u64(out, base + layout->offset[field]);
}

#endif /* PROFD_BPF_TARGET_MEMORY_BPF_H_ */
