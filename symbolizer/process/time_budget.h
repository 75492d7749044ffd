// What work for a stranger may cost.
#ifndef PROFD_SYMBOLIZER_PROCESS_TIME_BUDGET_H_
#define PROFD_SYMBOLIZER_PROCESS_TIME_BUDGET_H_

#include <algorithm>

#include "absl/time/time.h"

namespace profd {

// A share of time that can be saved up to `burst`. One expense may overdraw it.
class TimeBudget {
 public:
  TimeBudget(double share, absl::Duration burst) : share_(share), burst_(burst), left_(burst) {}

  // `now`: of one clock that never steps back.
  bool Empty(absl::Duration now) {
    if (now > filled_at_) left_ = std::min(burst_, left_ + (now - filled_at_) * share_);
    filled_at_ = now;
    return left_ <= absl::ZeroDuration();
  }
  void Spend(absl::Duration time) { left_ -= time; }

 private:
  double share_;
  absl::Duration burst_;
  absl::Duration left_;
  absl::Duration filled_at_ = -absl::InfiniteDuration();
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_TIME_BUDGET_H_
