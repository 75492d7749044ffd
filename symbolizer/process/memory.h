// Memory of another process. It belongs to a stranger: everything read may be forged, and a read
// may block for ever where a page is served by user space.
#ifndef PROFD_SYMBOLIZER_PROCESS_MEMORY_H_
#define PROFD_SYMBOLIZER_PROCESS_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace profd {

// Implementations: RemoteMemory (process_vm_readv, with a deadline), and a fake in tests.
class ProcessMemory {
 public:
  virtual ~ProcessMemory() = default;

  // Fills all of `out` from `address` or fails: kNotFound when the process has gone,
  // kOutOfRange when any byte is not readable, kDeadlineExceeded when the read blocked.
  virtual absl::Status Read(uint64_t address, absl::Span<std::byte> out) = 0;

  struct Piece {
    uint64_t address = 0;
    absl::Span<std::byte> out;
  };
  // Reads several pieces, more cheaply than one by one where that is possible; the result is
  // parallel to `pieces`. One failure does not stop the others, unless the process is lost.
  virtual std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) {
    std::vector<absl::Status> result;
    result.reserve(pieces.size());
    for (const Piece& piece : pieces) result.push_back(Read(piece.address, piece.out));
    return result;
  }

  // Runs `work`, which makes reads that follow from each other, with a memory whose single reads
  // cost less. It may be left behind in one that blocks (kDeadlineExceeded), so it must own all
  // that it touches but the memory.
  virtual absl::Status Visit(const std::function<void(ProcessMemory&)>& work) {
    work(*this);
    return absl::OkStatus();
  }

  template <typename T>
  absl::StatusOr<T> Get(uint64_t address) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    absl::Status status =
        Read(address, absl::MakeSpan(reinterpret_cast<std::byte*>(&value), sizeof(T)));
    if (!status.ok()) return status;
    return value;
  }
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_MEMORY_H_
