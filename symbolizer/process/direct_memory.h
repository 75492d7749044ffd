// Memory of other processes by process_vm_readv on the calling thread: a page served by user space
// (userfaultfd, FUSE) holds it for ever, so only for threads that may be left behind.
#ifndef PROFD_SYMBOLIZER_PROCESS_DIRECT_MEMORY_H_
#define PROFD_SYMBOLIZER_PROCESS_DIRECT_MEMORY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd {

// 0 where all of `out` is filled, else an errno.
int ReadBytes(pid_t tid, uint64_t address, absl::Span<std::byte> out);

// The memory of whoever has the number `tid` at the time of the read: a caller that needs to know
// proves that it was the right one.
class DirectMemory : public ProcessMemory {
 public:
  explicit DirectMemory(pid_t tid) : tid_(tid) {}

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override;

 private:
  const pid_t tid_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_DIRECT_MEMORY_H_
