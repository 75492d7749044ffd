/* What the walkers of bpf/ need of the kernel, for tests that compile them natively. */
#ifndef PROFD_TESTS_BPF_NATIVE_HELPERS_H_
#define PROFD_TESTS_BPF_NATIVE_HELPERS_H_

#include <stdint.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* Reads the fake target. As the kernel's: all or nothing, and nothing is zeroes. */
long bpf_probe_read_user(void *destination, uint32_t bytes, const void *address);

/* The callback is called by its own type: a call through another one would be undefined. */
#define bpf_loop(iterations, callback, context, flags)                                \
  do {                                                                                \
    uint32_t loop_index = 0;                                                          \
    while (loop_index < (iterations) && !callback(loop_index, context)) loop_index++; \
    (void)(flags);                                                                    \
  } while (0)

#endif /* PROFD_TESTS_BPF_NATIVE_HELPERS_H_ */
