#include "symbolizer/process/remote_memory.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "symbolizer/process/abandonable.h"
#include "symbolizer/process/descriptor.h"
#include "symbolizer/process/direct_memory.h"
#include "symbolizer/process/proc_files.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace profd {
namespace {

bool NoneFound(const std::vector<absl::Status>& results) {
  return std::all_of(results.begin(), results.end(),
                     [](const absl::Status& status) { return absl::IsNotFound(status); });
}

}  // namespace

// The process, read on the calling thread.
class RemoteMemory::Target : public ProcessMemory {
 public:
  Target(pid_t pid, Descriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)), reading_tid_(pid) {}

  pid_t pid() const { return pid_; }

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    const Piece piece = {address, out};
    return ReadEach({&piece, 1}).front();
  }

  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override {
    pid_t tid = reading_tid_;
    std::vector<absl::Status> results = DirectMemory(tid).ReadEach(pieces);
    const auto thread_gone = [&] { return NoneFound(results) || !StillOurs(tid); };
    if (!thread_gone()) return results;
    // The main thread may have ended before the others, and the memory is no more found by it.
    for (pid_t other : OtherThreads(pid_)) {
      tid = other;
      results = DirectMemory(tid).ReadEach(pieces);
      if (thread_gone()) continue;
      reading_tid_ = tid;
      return results;
    }
    return {pieces.size(), absl::NotFoundError("the process has gone")};
  }

 private:
  // True when what has just been read by `tid` was this process, not the number's next owner.
  bool StillOurs(pid_t tid) const {
    // A pidfd becomes readable when the last thread has ended (pidfd_open(2)).
    pollfd event = {pidfd_.get(), POLLIN, 0};
    if (poll(&event, 1, 0) != 0) return false;
    return tid == pid_ || access(absl::StrFormat("/proc/%d/task/%d", pid_, tid).c_str(), F_OK) == 0;
  }

  const pid_t pid_;
  const Descriptor pidfd_;
  std::atomic<pid_t> reading_tid_;  // a thread of the process that still has its memory
};

absl::StatusOr<std::unique_ptr<RemoteMemory>> RemoteMemory::Create(pid_t pid,
                                                                   absl::Duration patience) {
  Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return ProcError(errno, absl::StrFormat("pidfd_open(%d)", pid));
  return std::unique_ptr<RemoteMemory>(
      new RemoteMemory(std::make_shared<Target>(pid, std::move(pidfd)), patience));
}

RemoteMemory::RemoteMemory(std::shared_ptr<Target> target, absl::Duration patience)
    : target_(std::move(target)), patience_(patience) {}

absl::Status RemoteMemory::Visit(const std::function<void(ProcessMemory&)>& work) {
  if (blocked_) return absl::DeadlineExceededError("an earlier read of this process blocked");
  absl::Status status = RunAbandonably(
      target_->pid(), [target = target_, work] { work(*target); }, patience_);
  if (absl::IsDeadlineExceeded(status)) blocked_ = true;
  return status;
}

absl::Status RemoteMemory::Read(uint64_t address, absl::Span<std::byte> out) {
  if (out.empty()) return absl::OkStatus();
  const Piece piece = {address, out};
  return ReadEach({&piece, 1}).front();
}

std::vector<absl::Status> RemoteMemory::ReadEach(absl::Span<const Piece> pieces) {
  if (pieces.empty()) return {};
  const auto all = [&](const absl::Status& status) {
    return std::vector<absl::Status>(pieces.size(), status);
  };
  if (pieces.size() > kMaxPieces) return all(absl::InvalidArgumentError("too many pieces"));
  size_t bytes = 0;
  for (const Piece& piece : pieces) {
    if (piece.out.size() > kMaxReadBytes - bytes)
      return all(absl::InvalidArgumentError("too long"));
    bytes += piece.out.size();
  }
  struct Copies {
    std::vector<std::byte> buffer;
    std::vector<Piece> pieces;
    std::vector<absl::Status> result;
  };
  auto copies = std::make_shared<Copies>();
  copies->buffer.resize(bytes);
  auto room = absl::MakeSpan(copies->buffer);
  for (const Piece& piece : pieces) {
    copies->pieces.push_back({piece.address, room.first(piece.out.size())});
    room.remove_prefix(piece.out.size());
  }
  absl::Status status =
      Visit([copies](ProcessMemory& memory) { copies->result = memory.ReadEach(copies->pieces); });
  if (!status.ok()) return all(status);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!copies->result[i].ok() || pieces[i].out.empty()) continue;
    std::memcpy(pieces[i].out.data(), copies->pieces[i].out.data(), pieces[i].out.size());
  }
  return std::move(copies->result);
}

}  // namespace profd
