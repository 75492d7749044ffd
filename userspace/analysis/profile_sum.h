// A profile that grows as others are added to it.
#ifndef PROFD_USERSPACE_ANALYSIS_PROFILE_SUM_H_
#define PROFD_USERSPACE_ANALYSIS_PROFILE_SUM_H_

#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "userspace/profile/profile.h"

namespace profd {

// What two functions have in common that are the same one, whatever file they came from.
inline auto ContentOf(const Function& f) { return std::tie(f.kind, f.name, f.file, f.first_line); }

class ProfileSum {
 public:
  explicit ProfileSum(const Profile::Limits& limits = {}) : sum_(limits) {}

  // Weights add up exactly (up to INT64_MAX). The window begins with the earliest and lasts as long
  // as all together: cores, CPU time by duration, are then those of one window on average. Of
  // periods the longest is kept, as pprof does. Comments, which are facts of one window, are left
  // out. Returns where in profile().samples() each of the added samples is now.
  std::vector<uint32_t> Add(const Profile& profile);
  // In the order of `order`, indices of profile.samples(), which says all of how the sum is made.
  std::vector<uint32_t> Add(const Profile& profile, absl::Span<const uint32_t> order);

  const Profile& profile() const { return sum_; }
  Profile Finish() && { return std::move(sum_); }

 private:
  struct ByContent {
    size_t operator()(const std::shared_ptr<const Function>& f) const;
    bool operator()(const std::shared_ptr<const Function>& a,
                    const std::shared_ptr<const Function>& b) const;
  };

  void AddWindow(const Window& window);

  Profile sum_;
  // One object for each function, whatever file it came from: a Profile keeps all it is shown.
  absl::flat_hash_set<std::shared_ptr<const Function>, ByContent, ByContent> functions_;
  bool has_window_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_PROFILE_SUM_H_
