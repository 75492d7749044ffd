#include "symbolizer/process/remote_memory.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "symbolizer/process/proc_files.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace profd {
namespace {

absl::Status StatusOf(int error, uint64_t address, size_t bytes) {
  if (error == 0) return absl::OkStatus();
  const std::string what = absl::StrFormat("%d bytes at %#x", bytes, address);
  if (error == EFAULT) return absl::OutOfRangeError(what);
  return ProcError(error, what);
}

bool AllFailedWith(const std::vector<int>& errors, int error) {
  return std::all_of(errors.begin(), errors.end(), [error](int e) { return e == error; });
}

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteMemory>> RemoteMemory::Create(
    pid_t pid, std::shared_ptr<RemoteReaderPool> pool) {
  Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return ProcError(errno, absl::StrFormat("pidfd_open(%d)", pid));
  return std::unique_ptr<RemoteMemory>(new RemoteMemory(pid, std::move(pidfd), std::move(pool)));
}

RemoteMemory::RemoteMemory(pid_t pid, Descriptor pidfd, std::shared_ptr<RemoteReaderPool> pool)
    : pid_(pid), pidfd_(std::move(pidfd)), pool_(std::move(pool)), reading_tid_(pid) {}

bool RemoteMemory::StillOurs(pid_t tid) const {
  // A pidfd becomes readable when the last thread has ended (pidfd_open(2)).
  pollfd event = {pidfd_.get(), POLLIN, 0};
  if (poll(&event, 1, 0) != 0) return false;
  return tid == pid_ || access(absl::StrFormat("/proc/%d/task/%d", pid_, tid).c_str(), F_OK) == 0;
}

absl::StatusOr<std::vector<int>> RemoteMemory::ReadOnce(absl::Span<const Piece> pieces) {
  if (blocked_) return absl::DeadlineExceededError("an earlier read of this process blocked");
  size_t bytes = 0;
  for (const Piece& piece : pieces) {
    if (piece.out.size() > kMaxReadBytes - bytes) return absl::InvalidArgumentError("too long");
    bytes += piece.out.size();
  }
  if (pieces.size() > kMaxPieces) return absl::InvalidArgumentError("too many pieces");

  pid_t tid = reading_tid_;
  RemoteReaderPool::Reply reply = pool_->Read({tid, pieces});
  const auto thread_gone = [&] {
    return reply.status.ok() && (AllFailedWith(reply.errors, ESRCH) || !StillOurs(tid));
  };
  if (thread_gone()) {
    // The main thread may have ended before the others, and the memory is no more found by it.
    for (pid_t other : OtherThreads(pid_)) {
      tid = other;
      reply = pool_->Read({tid, pieces});
      if (!thread_gone()) break;
    }
    if (thread_gone()) return absl::NotFoundError("the process has gone");
    reading_tid_ = tid;
  }
  if (absl::IsDeadlineExceeded(reply.status)) blocked_ = true;
  if (absl::IsResourceExhausted(reply.status)) {
    return absl::DeadlineExceededError(reply.status.message());
  }
  if (!reply.status.ok()) return reply.status;
  return std::move(reply.errors);
}

absl::Status RemoteMemory::Read(uint64_t address, absl::Span<std::byte> out) {
  if (out.empty()) return absl::OkStatus();
  const Piece piece = {address, out};
  absl::StatusOr<std::vector<int>> errors = ReadOnce({&piece, 1});
  return errors.ok() ? StatusOf(errors->front(), address, out.size()) : errors.status();
}

std::vector<absl::Status> RemoteMemory::ReadEach(absl::Span<const Piece> pieces) {
  if (pieces.empty()) return {};
  absl::StatusOr<std::vector<int>> errors = ReadOnce(pieces);
  if (!errors.ok()) return std::vector<absl::Status>(pieces.size(), errors.status());
  std::vector<absl::Status> result;
  result.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    result.push_back(StatusOf((*errors)[i], pieces[i].address, pieces[i].out.size()));
  }
  return result;
}

}  // namespace profd
