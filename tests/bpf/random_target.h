// A thread whose memory is any bytes, for property tests and a fuzzer.
#ifndef PROFD_TESTS_BPF_RANDOM_TARGET_H_
#define PROFD_TESTS_BPF_RANDOM_TARGET_H_

#include <cstdint>

#include "absl/types/span.h"

namespace profd::testing {

struct RandomWalk {
  bool whole = false;
  bool ended = false;  // a chain of frames was seen to come to its end
  uint32_t depth = 0;
};

// Takes a layout, a thread and memory from `bytes`, and a sample from these, twice: as on new
// kernels and as on old ones. Aborts where the walkers broke a promise.
RandomWalk WalkBytes(absl::Span<const uint8_t> bytes);

}  // namespace profd::testing

#endif  // PROFD_TESTS_BPF_RANDOM_TARGET_H_
