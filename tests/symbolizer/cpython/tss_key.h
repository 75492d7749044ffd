// Which pthread key holds CPython's thread state in a live process: what the runtime's own copy of
// the key, as the product reads it, is held against.
#ifndef PROFD_TESTS_SYMBOLIZER_CPYTHON_TSS_KEY_H_
#define PROFD_TESTS_SYMBOLIZER_CPYTHON_TSS_KEY_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "symbolizer/process/memory.h"

namespace profd {

enum class ThreadLibrary { kGlibc, kMusl };

struct TssKey {
  uint32_t key = 0;  // pthread_key_t
  ThreadLibrary library = ThreadLibrary::kGlibc;
  bool operator==(const TssKey&) const = default;
};

// The keys under which one thread of a x86-64 process keeps `value` (the address of its thread
// state), ascending. `thread_pointer`: its pthread_self(), the FS base, which a thread state holds
// as thread_id. Several keys may hold it; none is an empty result. Fails as `memory` does where the
// thread's descriptor cannot be read; kInvalidArgument: `value` is 0. At most 35 reads.
absl::StatusOr<std::vector<TssKey>> KeysHolding(ProcessMemory& memory, uint64_t thread_pointer,
                                                uint64_t value);

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_CPYTHON_TSS_KEY_H_
