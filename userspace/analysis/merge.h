// Adds up profiles. What it holds grows with what is different in them, not with their number.
#ifndef PROFD_USERSPACE_ANALYSIS_MERGE_H_
#define PROFD_USERSPACE_ANALYSIS_MERGE_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "userspace/analysis/comment_sum.h"
#include "userspace/profile/profile.h"

namespace profd {

class Merger {
 public:
  explicit Merger(const Profile::Limits& limits = Profile::Limits::OfReader());

  // Sums of weights are exact (up to INT64_MAX). The window begins with the earliest and lasts as
  // long as all together: cores, CPU time by duration, are then those of one window on average.
  // Where periods differ the longest is kept, as pprof does.
  void Add(const Profile& profile);

  // Samples that a limit has put under [profile full].
  int64_t collapsed_samples() const { return sum_.collapsed_samples(); }

  // The same for any order of the Add calls, to the byte when encoded, unless a limit was met.
  Profile Finish() &&;

 private:
  const std::shared_ptr<const Function>& Canonical(const std::shared_ptr<const Function>& function);

  struct ByContent {
    using is_transparent = void;
    size_t operator()(const std::shared_ptr<const Function>& f) const;
    bool operator()(const std::shared_ptr<const Function>& a,
                    const std::shared_ptr<const Function>& b) const;
  };

  Profile::Limits limits_;
  Profile sum_;
  // One object for each function, whatever file it came from: a Profile keeps all it is shown.
  absl::flat_hash_set<std::shared_ptr<const Function>, ByContent, ByContent> functions_;
  CommentSum comments_;
  Window window_;
  bool has_window_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_MERGE_H_
