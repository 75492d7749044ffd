// A source file with the time of each of its lines.
#ifndef PROFD_USERSPACE_ANALYSIS_ANNOTATION_H_
#define PROFD_USERSPACE_ANALYSIS_ANNOTATION_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/analysis/measure.h"
#include "userspace/profile/profile.h"

namespace profd {

struct LineWeight {
  int64_t self = 0;
  int64_t cumulative = 0;  // once a sample, however often the line is in its stack
  int64_t samples = 0;     // of `cumulative`
};

struct Annotation {
  std::string file;                 // as the profile names it
  std::map<int, LineWeight> lines;  // 0: samples without a line
  int64_t self = 0;                 // of the file
  int64_t cumulative = 0;
  int64_t total = 0;  // of the profile
};

// `file` is a path of the profile or its end ("app.py", "pkg/app.py"). NOT_FOUND: no such file has
// samples; INVALID_ARGUMENT: several have, they are named.
absl::StatusOr<Annotation> Annotate(const Profile& profile, absl::string_view file,
                                    Measure measure);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_ANNOTATION_H_
