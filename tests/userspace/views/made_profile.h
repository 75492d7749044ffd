// Profiles by hand, for tests of views.
#ifndef PROFD_TESTS_USERSPACE_VIEWS_MADE_PROFILE_H_
#define PROFD_TESTS_USERSPACE_VIEWS_MADE_PROFILE_H_

#include <initializer_list>
#include <memory>
#include <string>

#include "userspace/profile/profile.h"

namespace profd {

inline constexpr int64_t kMadePeriodNs = 10'000'000;

inline Frame MadeFrame(const std::string& name, int line = 1, const std::string& file = "/app/a.py",
                       FrameKind kind = FrameKind::kPython) {
  return {std::make_shared<Function>(Function{kind, name, file, 1}), line};
}

// Leaf first; `count` samples of kMadePeriodNs each.
inline void AddMade(Profile* profile, const Stack& stack, int64_t count, int64_t tid = 1) {
  Labels labels;
  labels.pid = 1;
  labels.tid = tid;
  profile->Add(profile->InternStack(stack), labels, count, count * kMadePeriodNs);
}

}  // namespace profd

#endif  // PROFD_TESTS_USERSPACE_VIEWS_MADE_PROFILE_H_
