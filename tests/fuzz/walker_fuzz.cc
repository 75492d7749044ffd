// Any bytes as the memory of a thread, in every layout: the walkers stay inside their arrays and
// come to an end.
#include <cstddef>
#include <cstdint>

#include "tests/bpf/random_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  profd::testing::WalkBytes({data, size});
  return 0;
}
