#include "userspace/agent/profile_writer.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "userspace/profile/pprof.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

// What is less than this is soon used again. A trim takes milliseconds.
constexpr size_t kWorthReturning = 8 << 20;

}  // namespace

std::string WindowLine(const FinishedWindow& window, const std::string& file) {
  const double seconds = absl::ToDoubleSeconds(window.duration);
  std::string line = absl::StrFormat(
      "samples=%d processes=%d cpu=%.2fs window=%.1fs rate=%.1fHz fired=%d lost=%d", window.samples,
      window.processes, absl::ToDoubleSeconds(window.cpu), seconds, window.accounting.RateHz(),
      window.accounting.fired(), window.accounting.TotalLost());
  for (const auto& [reason, count] : window.accounting.Lost()) {
    if (count > 0) absl::StrAppend(&line, " lost_", reason, "=", count);
  }
  for (const auto& [reason, count] : window.accounting.Imperfect()) {
    if (count > 0) absl::StrAppend(&line, " ", reason, "=", count);
  }
  absl::StrAppend(&line, " file=", LogValue(file));
  return line;
}

ProfileWriter::ProfileWriter(std::unique_ptr<Spool> spool)
    : spool_(std::move(spool)), thread_([this] { Run(); }) {}

ProfileWriter::~ProfileWriter() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ProfileWriter::Write(FinishedWindow window) {
  const size_t bytes = window.profile.bytes();
  size_t waiting;
  {
    std::scoped_lock lock(mutex_);
    waiting = queue_.size();
    if (waiting == 0 || (waiting < kMaxQueued && queued_bytes_ + bytes <= kMaxQueuedBytes)) {
      queued_bytes_ += bytes;
      queue_.push_back(std::move(window));
      changed_.notify_all();
      return;
    }
    ++stats_.dropped;
  }
  spdlog::error("samples={} file=none error=\"{} windows wait for the disk; this one is dropped\"",
                window.samples, waiting);
}

void ProfileWriter::Flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && !writing_; });
}

ProfileWriter::Stats ProfileWriter::stats() const {
  std::scoped_lock lock(mutex_);
  return stats_;
}

void ProfileWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    FinishedWindow window = std::move(queue_.front());
    queue_.pop_front();
    const size_t bytes = window.profile.bytes();
    const size_t freed = bytes + window.released_bytes;
    queued_bytes_ -= bytes;
    writing_ = true;
    lock.unlock();
    WriteOne(std::move(window));
    if (freed >= kWorthReturning) malloc_trim(0);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

void ProfileWriter::WriteOne(FinishedWindow window) {
  auto bytes = EncodePprof(window.profile);
  auto path = bytes.ok() ? spool_->Write(window.start, *bytes, absl::Now()) : bytes.status();
  const std::string error = path.ok() ? "" : std::string(path.status().message());
  if (path.ok()) {
    spdlog::info("{}", WindowLine(window, *path));
  } else {
    spdlog::error("{} error={}", WindowLine(window, "none"), LogValue(error));
  }
  std::scoped_lock lock(mutex_);
  stats_.spool = spool_->stats();
  stats_.last_error = error;
  if (path.ok()) {
    ++stats_.written;
    stats_.last_path = *path;
  } else {
    ++stats_.failed;
  }
}

}  // namespace profd
