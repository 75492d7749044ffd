#include <pthread.h>
#include <signal.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "symbolizer/process/remote_memory.h"

namespace profd {
namespace {

// UIO_MAXIOV of the kernel.
constexpr size_t kMaxVectors = 1024;

// process_vm_readv stops at the first byte it cannot read; goes on behind that piece.
std::vector<int> ReadPieces(pid_t pid, const std::vector<iovec>& remote, std::byte* buffer) {
  std::vector<int> errors(remote.size(), 0);
  size_t piece = 0;
  size_t filled = 0;
  while (piece < remote.size()) {
    const size_t count = std::min(remote.size() - piece, kMaxVectors);
    size_t wanted = 0;
    for (size_t i = 0; i < count; ++i) wanted += remote[piece + i].iov_len;
    iovec local = {buffer + filled, wanted};
    const ssize_t got = process_vm_readv(pid, &local, 1, &remote[piece], count, 0);
    const int error = got < 0 ? errno : EFAULT;
    if (error == ESRCH || error == EPERM) {
      std::fill(errors.begin() + static_cast<ptrdiff_t>(piece), errors.end(), error);
      break;
    }
    size_t left = got > 0 ? static_cast<size_t>(got) : 0;
    const size_t end = piece + count;
    while (piece < end && left >= remote[piece].iov_len) {
      left -= remote[piece].iov_len;
      filled += remote[piece++].iov_len;
    }
    if (piece == end) continue;
    filled += remote[piece].iov_len;
    errors[piece++] = error;
  }
  return errors;
}

}  // namespace

// A thread and what it works on, owned by both sides: an abandoned thread may write to its buffer
// long after everybody else has gone.
class RemoteReaderPool::Worker {
 public:
  // Null when the system has no thread for us.
  static std::shared_ptr<Worker> Start(std::shared_ptr<std::atomic<int>> abandoned) {
    auto worker = std::make_shared<Worker>(std::move(abandoned));
    // A signal handler on a blocked thread would never run.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = true;
    try {
      std::thread([worker] { worker->Run(); }).detach();
    } catch (const std::system_error&) {
      started = false;
    }
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    return started ? worker : nullptr;
  }

  explicit Worker(std::shared_ptr<std::atomic<int>> abandoned) : abandoned_(std::move(abandoned)) {}

  enum class Outcome { kDone, kBlocked, kNotStarted };

  // Reads `request` and copies what came into its pieces. After anything but kDone the thread
  // ends by itself, and the worker must not be used again.
  Outcome Do(const Request& request, absl::Duration deadline, std::vector<int>& errors) {
    std::unique_lock lock(mutex_);
    pid_ = request.pid;
    remote_.clear();
    size_t bytes = 0;
    for (const ProcessMemory::Piece& piece : request.pieces) {
      // The address is the other process's: never dereferenced here.
      remote_.push_back({reinterpret_cast<void*>(piece.address), piece.out.size()});
      bytes += piece.out.size();
    }
    buffer_.resize(bytes);
    state_ = State::kQueued;
    lock.unlock();  // else the thread wakes up only to wait for us
    work_.notify_one();
    lock.lock();
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(deadline);
    if (!done_.wait_until(lock, until, [this] { return state_ == State::kDone; })) {
      const bool started = state_ == State::kReading;
      if (started) ++*abandoned_;
      state_ = started ? State::kAbandoned : State::kStopped;
      work_.notify_one();
      return started ? Outcome::kBlocked : Outcome::kNotStarted;
    }
    const std::byte* from = buffer_.data();
    for (size_t i = 0; i < request.pieces.size(); ++i) {
      const absl::Span<std::byte> out = request.pieces[i].out;
      if (errors_[i] == 0 && !out.empty()) std::memcpy(out.data(), from, out.size());
      from += out.size();
    }
    errors = std::move(errors_);
    // One large read must not be paid for as long as the thread lives.
    if (buffer_.capacity() > kKeptBytes) std::vector<std::byte>().swap(buffer_);
    return Outcome::kDone;
  }

  void Stop() {
    std::lock_guard lock(mutex_);
    state_ = State::kStopped;
    work_.notify_one();
  }

 private:
  static constexpr size_t kKeptBytes = 256 << 10;
  enum class State { kIdle, kQueued, kReading, kDone, kAbandoned, kStopped };

  void Run() {
    pthread_setname_np(pthread_self(), "read-memory");
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return state_ == State::kQueued || state_ == State::kStopped; });
      if (state_ == State::kStopped) return;
      state_ = State::kReading;
      lock.unlock();
      std::vector<int> errors = ReadPieces(pid_, remote_, buffer_.data());
      lock.lock();
      if (state_ == State::kAbandoned) {
        --*abandoned_;
        return;
      }
      errors_ = std::move(errors);
      state_ = State::kDone;
      lock.unlock();
      done_.notify_one();
      lock.lock();
    }
  }

  const std::shared_ptr<std::atomic<int>> abandoned_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  // While state_ is kReading or kAbandoned the thread alone touches what stands below it.
  State state_ = State::kIdle;
  pid_t pid_ = 0;
  std::vector<iovec> remote_;
  std::vector<std::byte> buffer_;
  std::vector<int> errors_;
};

RemoteReaderPool::RemoteReaderPool() : RemoteReaderPool(Options()) {}

RemoteReaderPool::RemoteReaderPool(const Options& options)
    : options_(options), abandoned_(std::make_shared<std::atomic<int>>(0)) {}

RemoteReaderPool::~RemoteReaderPool() {
  std::scoped_lock lock(mutex_);
  for (const std::shared_ptr<Worker>& worker : idle_) worker->Stop();
}

int RemoteReaderPool::abandoned() const { return *abandoned_; }

std::shared_ptr<RemoteReaderPool::Worker> RemoteReaderPool::TakeWorker() {
  {
    std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::shared_ptr<Worker> worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return Worker::Start(abandoned_);
}

RemoteReaderPool::Reply RemoteReaderPool::Read(const Request& request) {
  if (*abandoned_ >= options_.max_abandoned) {
    return {absl::ResourceExhaustedError("too many reads of process memory are blocked"), {}};
  }
  std::shared_ptr<Worker> worker = TakeWorker();
  if (worker == nullptr) return {absl::ResourceExhaustedError("no thread to read with"), {}};
  Reply reply;
  switch (worker->Do(request, options_.deadline, reply.errors)) {
    case Worker::Outcome::kDone: {
      std::scoped_lock lock(mutex_);
      idle_.push_back(std::move(worker));
      break;
    }
    case Worker::Outcome::kBlocked:
      reply.status = absl::DeadlineExceededError("a read of process memory blocked");
      break;
    case Worker::Outcome::kNotStarted:
      reply.status = absl::ResourceExhaustedError("the reading thread got no CPU");
      break;
  }
  return reply;
}

}  // namespace profd
