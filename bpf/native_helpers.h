/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What the walkers need of the kernel where they are compiled natively: for threads that wait,
 * whose stacks user space reads, and for tests. */
#ifndef PROFD_BPF_NATIVE_HELPERS_H_
#define PROFD_BPF_NATIVE_HELPERS_H_

#include <stdint.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* Defined by whoever compiles the walkers. As the kernel's: all or nothing, and nothing is zeroes.
 */
long bpf_probe_read_user(void *destination, uint32_t bytes, const void *address);

/* The callback is called by its own type: a call through another one would be undefined. */
#define bpf_loop(iterations, callback, context, flags)                                \
  do {                                                                                \
    uint32_t loop_index = 0;                                                          \
    while (loop_index < (iterations) && !callback(loop_index, context)) loop_index++; \
    (void)(flags);                                                                    \
  } while (0)

#endif /* PROFD_BPF_NATIVE_HELPERS_H_ */
