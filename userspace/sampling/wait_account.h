// How long one thread has waited, exactly: by the kernel's clocks, not by how often it was seen.
#ifndef PROFD_USERSPACE_SAMPLING_WAIT_ACCOUNT_H_
#define PROFD_USERSPACE_SAMPLING_WAIT_ACCOUNT_H_

#include <cstdint>

#include "bpf/events.h"
#include "userspace/collector/thread_iterator.h"

namespace profd {

// What a thread has waited since the last report is known (elapsed less CPU time), and so is how
// much of that it was ready for a CPU. Both are carried until the thread is seen waiting that way
// and they make up a period: reports can come late, or seldom, and samples still add up to time.
class WaitAccount {
 public:
  // `since_birth`: from the thread's start on; else nothing is claimed of the time before `first`.
  WaitAccount(const thread_record& first, bool since_birth);

  // Later reports of the same thread, in their order.
  void Update(const thread_record& thread);

  // Waited in the way that `thread` does, and not taken yet, in ns; < 0: taken in advance.
  int64_t Owed(const thread_record& thread) const {
    return IsReady(thread) ? ready_ns_ : blocked_ns_;
  }
  // Takes the whole periods of that, rounded, at least one.
  uint32_t Take(const thread_record& thread, int64_t period_ns);

 private:
  uint64_t seen_ns_;
  uint64_t exec_ns_ = 0;
  uint64_t delay_ns_ = 0;
  uint64_t switches_ = 0;
  bool was_ready_ = false;
  bool has_old_delay_ = false;  // the next one that is accounted for began before the first report
  int64_t told_ns_ = 0;         // of a delay that the kernel has not accounted for yet
  int64_t ready_ns_ = 0;
  int64_t blocked_ns_ = 0;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_WAIT_ACCOUNT_H_
