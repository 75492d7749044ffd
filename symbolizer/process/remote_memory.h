// One process's memory, with a deadline. A page served by user space (userfaultfd, FUSE) can hold a
// reader for ever, so reads happen on threads that may be left behind: the process is then lost to
// us, the agent is not.
#ifndef PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_
#define PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd {

// For as long as that process lives: a PID's next owner is never read. After one read that blocked,
// every later one fails at once with kDeadlineExceeded. kUnavailable: not tried, see
// RunAbandonably(). Thread-safe.
class RemoteMemory : public ProcessMemory {
 public:
  static constexpr size_t kMaxReadBytes = 16 << 20;  // of one call; more is kInvalidArgument
  static constexpr size_t kMaxPieces = 4096;         // likewise

  // kNotFound: no such process. `patience`: of one call.
  static absl::StatusOr<std::unique_ptr<RemoteMemory>> Create(
      pid_t pid, absl::Duration patience = absl::Seconds(1));

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override;
  absl::Status Visit(const std::function<void(ProcessMemory&)>& work) override;

  // True once a read has blocked: the process is lost to us.
  bool blocked() const { return blocked_; }

 private:
  class Target;  // outlives us with a thread that was left behind

  RemoteMemory(std::shared_ptr<Target> target, absl::Duration patience);

  const std::shared_ptr<Target> target_;
  const absl::Duration patience_;
  std::atomic<bool> blocked_ = false;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_
