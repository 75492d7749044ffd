// What the fields of Labels are called, in pprof, JSON, comments, flags and tables alike.
#ifndef PROFD_USERSPACE_PROFILE_LABEL_NAMES_H_
#define PROFD_USERSPACE_PROFILE_LABEL_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "userspace/profile/profile.h"

namespace profd {

inline constexpr absl::string_view kPidLabel = "pid";
inline constexpr absl::string_view kTidLabel = "tid";
inline constexpr absl::string_view kCommLabel = "comm";
inline constexpr absl::string_view kThreadLabel = "thread";
inline constexpr absl::string_view kPythonLabel = "python";
inline constexpr absl::string_view kContainerLabel = "container";

// Of a label's or comment's text in a file, where a reference of one byte can make us copy it.
// Functions are counted instead.
inline constexpr size_t kMaxTextBytes = 8192;

struct NumberField {
  absl::string_view name;
  int64_t Labels::*value;
};
inline constexpr NumberField kNumberLabels[] = {{kPidLabel, &Labels::pid},
                                                {kTidLabel, &Labels::tid}};

struct TextField {
  absl::string_view name;
  std::string Labels::*value;
};
inline constexpr TextField kTextLabels[] = {{kCommLabel, &Labels::comm},
                                            {kThreadLabel, &Labels::thread},
                                            {kPythonLabel, &Labels::python},
                                            {kContainerLabel, &Labels::container}};

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_LABEL_NAMES_H_
