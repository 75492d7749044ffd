// Adds up profiles. What it holds grows with what is different in them, not with their number.
#ifndef PROFD_USERSPACE_ANALYSIS_MERGE_H_
#define PROFD_USERSPACE_ANALYSIS_MERGE_H_

#include <cstdint>

#include "userspace/analysis/comment_sum.h"
#include "userspace/analysis/profile_sum.h"
#include "userspace/profile/profile.h"

namespace profd {

class Merger {
 public:
  explicit Merger(const Profile::Limits& limits = {}) : limits_(limits), sum_(limits) {}

  // As ProfileSum::Add; comments are added up, too.
  void Add(const Profile& profile);

  // Samples that a limit has put under [profile full], here or where they were read.
  int64_t collapsed_samples() const { return collapsed_ + sum_.profile().collapsed_samples(); }

  // The same for any order of the Add calls, to the byte when encoded, unless a limit was met.
  Profile Finish() &&;

 private:
  Profile::Limits limits_;
  ProfileSum sum_;
  CommentSum comments_;
  int64_t collapsed_ = 0;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_MERGE_H_
