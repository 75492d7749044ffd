// A profile that grows: what `top` has seen since its start.
#ifndef PROFD_USERSPACE_VIEWS_PROFILE_SUM_H_
#define PROFD_USERSPACE_VIEWS_PROFILE_SUM_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "userspace/profile/profile.h"

namespace profd {

class ProfileSum {
 public:
  // Weights add up, windows follow each other. Comments, which are facts of one window, are left
  // out. `samples`, where given, tells for each of the window's where it now is in profile().
  void Add(const Profile& window, std::vector<uint32_t>* samples = nullptr);
  const Profile& profile() const { return sum_; }
  Profile Finish() && { return std::move(sum_); }

 private:
  struct ByContent {
    size_t operator()(const std::shared_ptr<const Function>& f) const;
    bool operator()(const std::shared_ptr<const Function>& a,
                    const std::shared_ptr<const Function>& b) const;
  };

  Profile sum_;
  // One object for each function: a Profile keeps every one that it is shown.
  absl::flat_hash_set<std::shared_ptr<const Function>, ByContent, ByContent> functions_;
  bool has_window_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_PROFILE_SUM_H_
