#include "userspace/sampling/abandonable_worker.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <system_error>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "symbolizer/process/abandonable.h"

namespace profd {
namespace {

absl::Duration ThreadCpuTime() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

}  // namespace

// Owned by both sides.
struct AbandonableWorker::Thread {
  absl::Mutex mutex;
  std::function<void()> work ABSL_GUARDED_BY(mutex);  // empty: none, or done
  bool stop ABSL_GUARDED_BY(mutex) = false;
  bool abandoned ABSL_GUARDED_BY(mutex) = false;
  absl::Duration cpu_used ABSL_GUARDED_BY(mutex);  // of the work done last

  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex) { return stop || work != nullptr; }
  bool IsDone() const ABSL_SHARED_LOCKS_REQUIRED(mutex) { return work == nullptr; }

  void Loop() {
    pthread_setname_np(pthread_self(), "read-waiting");
    while (true) {
      std::function<void()> todo;
      {
        absl::MutexLock lock(&mutex);
        mutex.Await(absl::Condition(this, &Thread::HasWork));
        if (stop) return;
        todo = work;
      }
      const absl::Duration before = ThreadCpuTime();
      todo();
      todo = nullptr;
      absl::MutexLock lock(&mutex);
      cpu_used = ThreadCpuTime() - before;
      work = nullptr;
      if (!abandoned) continue;
      --AbandonedCalls();
      return;
    }
  }
};

AbandonableWorker::~AbandonableWorker() {
  if (thread_ == nullptr) return;
  absl::MutexLock lock(&thread_->mutex);
  thread_->stop = true;
}

absl::Status AbandonableWorker::Run(std::function<void()> work, absl::Duration patience) {
  if (AbandonedCalls() >= kMaxAbandoned) {
    return absl::ResourceExhaustedError("too many reads of process memory are blocked");
  }
  if (thread_ == nullptr) {
    auto thread = std::make_shared<Thread>();
    // A signal handler on a blocked thread would never run.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    try {
      std::thread([thread] { thread->Loop(); }).detach();
      thread_ = std::move(thread);
    } catch (const std::system_error&) {
    }
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    if (thread_ == nullptr) return absl::ResourceExhaustedError("no thread to read with");
  }
  const std::shared_ptr<Thread> thread = thread_;  // outlives the lock
  absl::MutexLock lock(&thread->mutex);
  thread->work = std::move(work);
  if (thread->mutex.AwaitWithTimeout(absl::Condition(thread.get(), &Thread::IsDone), patience)) {
    cpu_used_ += thread->cpu_used;
    return absl::OkStatus();
  }
  thread->abandoned = true;
  ++AbandonedCalls();
  thread_ = nullptr;
  return absl::DeadlineExceededError("a read of process memory blocked");
}

}  // namespace profd
