// A thread for work that may block for ever on a stranger: then it is left behind.
#ifndef PROFD_USERSPACE_SAMPLING_ABANDONABLE_WORKER_H_
#define PROFD_USERSPACE_SAMPLING_ABANDONABLE_WORKER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace profd {

// Keeps its thread from one call to the next, where CallAbandonably() makes one for each. For one
// caller at a time.
class AbandonableWorker {
 public:
  AbandonableWorker() = default;
  ~AbandonableWorker();
  AbandonableWorker(const AbandonableWorker&) = delete;
  AbandonableWorker& operator=(const AbandonableWorker&) = delete;

  // Runs `work` and waits so long. kDeadlineExceeded: it blocks; the thread goes on with it, so
  // `work` owns all that it touches. kResourceExhausted: too many are blocked, or there is no
  // thread to be had; nothing was tried.
  absl::Status Run(std::function<void()> work, absl::Duration patience);

  // CPU time that finished work has taken.
  absl::Duration cpu_used() const { return cpu_used_; }

 private:
  struct Thread;
  std::shared_ptr<Thread> thread_;
  absl::Duration cpu_used_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_ABANDONABLE_WORKER_H_
