// Memory of other processes by process_vm_readv, with a deadline. A page served by user space
// (userfaultfd, FUSE) can hold a reader for ever, so reads happen on threads that may be abandoned:
// the process is then lost to us, the agent is not.
#ifndef PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_
#define PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/descriptor.h"
#include "symbolizer/process/memory.h"

namespace profd {

// The threads that read, shared by all RemoteMemory of an agent. Thread-safe: as many threads as
// callers at one time, kept for the next read.
class RemoteReaderPool {
 public:
  struct Options {
    absl::Duration deadline = absl::Seconds(1);  // of one call
    int max_abandoned = 16;  // threads blocked at one time; with that many, reads fail at once
  };
  // The calls of one process.
  struct Request {
    pid_t pid = 0;
    absl::Span<const ProcessMemory::Piece> pieces;
  };
  struct Reply {
    // kDeadlineExceeded: the read blocked, and no piece was filled.
    // kResourceExhausted: too many threads are blocked, or none could be made; nothing was tried.
    absl::Status status;
    std::vector<int> errors;  // errno of each piece; 0: filled
  };

  RemoteReaderPool();  // default options
  explicit RemoteReaderPool(const Options& options);
  ~RemoteReaderPool();
  RemoteReaderPool(const RemoteReaderPool&) = delete;
  RemoteReaderPool& operator=(const RemoteReaderPool&) = delete;

  Reply Read(const Request& request);
  // Threads that are blocked in a read now.
  int abandoned() const;

 private:
  class Worker;

  std::shared_ptr<Worker> TakeWorker();

  const Options options_;
  const std::shared_ptr<std::atomic<int>> abandoned_;  // outlives the pool with a blocked thread
  std::mutex mutex_;                                   // of what follows
  std::vector<std::shared_ptr<Worker>> idle_;
};

// One process's memory, for as long as that process lives: a PID's next owner is never read.
// After one read that blocked, every later read fails at once with kDeadlineExceeded.
class RemoteMemory : public ProcessMemory {
 public:
  static constexpr size_t kMaxReadBytes = 16 << 20;  // of one call; more is kInvalidArgument
  static constexpr size_t kMaxPieces = 4096;         // likewise

  // kNotFound: no such process. `pool` is kept.
  static absl::StatusOr<std::unique_ptr<RemoteMemory>> Create(
      pid_t pid, std::shared_ptr<RemoteReaderPool> pool);

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override;

  // True once a read has blocked: the process is lost to us.
  bool blocked() const { return blocked_; }

 private:
  RemoteMemory(pid_t pid, Descriptor pidfd, std::shared_ptr<RemoteReaderPool> pool);
  // Fails when the whole call did.
  absl::StatusOr<std::vector<int>> ReadOnce(absl::Span<const Piece> pieces);
  // True when what has just been read by `tid` was this process, not the number's next owner.
  bool StillOurs(pid_t tid) const;

  const pid_t pid_;
  const Descriptor pidfd_;
  const std::shared_ptr<RemoteReaderPool> pool_;
  std::atomic<pid_t> reading_tid_;  // a thread of the process that still has its memory
  std::atomic<bool> blocked_ = false;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_REMOTE_MEMORY_H_
