#include "userspace/record/command_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"

namespace profd {
namespace {

constexpr int kPipeBytes = 1 << 20;  // for the command not to wait for us
constexpr int kMaxReads = 32;        // at a time: it may write as fast as we read
constexpr size_t kReadBytes = 64 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<CommandOutput>> CommandOutput::Create() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  std::unique_ptr<CommandOutput> output(new CommandOutput);
  output->read_ = Descriptor(fds[0]);
  output->write_ = Descriptor(fds[1]);
  if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return absl::ErrnoToStatus(errno, "fcntl");
  (void)fcntl(fds[1], F_SETPIPE_SZ, kPipeBytes);  // else it keeps its size
  return output;
}

void CommandOutput::Read() {
  for (int i = 0; i < kMaxReads && read_.valid(); ++i) {
    const size_t before = kept_.size();
    kept_.resize(before + kReadBytes);
    const ssize_t got = read(read_.get(), kept_.data() + before, kReadBytes);
    kept_.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got > 0) {
      if (kept_.size() > 2 * kMaxKept) DropBefore(kept_.size() - kMaxKept);
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) read_ = Descriptor();
    return;
  }
}

std::string CommandOutput::Take() {
  if (kept_.size() > kMaxKept) DropBefore(kept_.size() - kMaxKept);
  if (is_cut_) {
    const size_t line = kept_.find('\n');
    if (line != std::string::npos) DropBefore(line + 1);
  }
  is_cut_ = false;
  return std::exchange(kept_, std::string());
}

void CommandOutput::DropBefore(size_t at) {
  kept_.erase(0, at);
  dropped_ += at;
  is_cut_ = true;
}

}  // namespace profd
