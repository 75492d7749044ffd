// Reads of objects whose size is known only after their first bytes have been seen.
#ifndef PROFD_SYMBOLIZER_CPYTHON_PARTIAL_READ_H_
#define PROFD_SYMBOLIZER_CPYTHON_PARTIAL_READ_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd {

// Reads `least` bytes and as many more as fit `buffer` without touching a page that those `least`
// do not touch: so it fails only where they cannot be read. `least` must fit the buffer, into which
// the result points.
inline absl::StatusOr<absl::string_view> ReadAtLeast(ProcessMemory& memory, uint64_t address,
                                                     size_t least, absl::Span<char> buffer) {
  constexpr uint64_t kSmallestPageBytes = 4096;
  if (least > buffer.size() ||
      address > std::numeric_limits<uint64_t>::max() - buffer.size() - kSmallestPageBytes) {
    return absl::OutOfRangeError("address out of range");
  }
  const uint64_t page_end = (address + least + kSmallestPageBytes - 1) & ~(kSmallestPageBytes - 1);
  const size_t count = std::min<uint64_t>(buffer.size(), page_end - address);
  const absl::Status read =
      memory.Read(address, absl::MakeSpan(reinterpret_cast<std::byte*>(buffer.data()), count));
  if (!read.ok()) return read;
  return absl::string_view(buffer.data(), count);
}

// The value at `offset` of bytes read before; the caller has checked that it lies inside.
template <typename T>
T ValueAt(absl::string_view bytes, size_t offset) {
  T value;
  std::copy_n(bytes.data() + offset, sizeof(T), reinterpret_cast<char*>(&value));
  return value;
}

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_PARTIAL_READ_H_
