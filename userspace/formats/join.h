// Several recordings as one.
#ifndef PROFD_USERSPACE_FORMATS_JOIN_H_
#define PROFD_USERSPACE_FORMATS_JOIN_H_

#include <vector>

#include "absl/status/status.h"
#include "userspace/analysis/comment_sum.h"
#include "userspace/analysis/profile_sum.h"
#include "userspace/profile/recording.h"

namespace profd {

class Joiner {
 public:
  // As ProfileSum::Add; comments are added up, too, and events where every recording so far had
  // them. INVALID_ARGUMENT: events of another period, whose weights would not add up.
  absl::Status Add(const Recording& recording);
  // Events in the order of time. Empty where some recording had no times: a timeline that shows a
  // part as if it were all would mislead.
  Recording Finish() &&;

 private:
  ProfileSum sum_;
  std::vector<Recording::Event> events_;
  CommentSum comments_;
  bool all_timed_ = true;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_JOIN_H_
