// Several recordings as one.
#ifndef PROFD_USERSPACE_FORMATS_JOIN_H_
#define PROFD_USERSPACE_FORMATS_JOIN_H_

#include <cstddef>

#include "absl/status/status.h"
#include "userspace/analysis/comment_sum.h"
#include "userspace/profile/recording.h"

namespace profd {

class Joiner {
 public:
  // Adds up all of it: weights, comments, and events where every recording so far had them. The
  // window begins with the earliest and lasts as long as all together; of periods the longest is
  // kept. INVALID_ARGUMENT: events of another period, whose weights would not add up.
  absl::Status Add(const Recording& recording);
  // Events in the order of time. Empty where some recording had no times: a timeline that shows a
  // part as if it were all would mislead.
  Recording Finish() &&;

 private:
  Recording sum_;
  CommentSum comments_;
  size_t added_ = 0;
  bool all_timed_ = true;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_JOIN_H_
