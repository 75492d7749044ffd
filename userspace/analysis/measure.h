// Which of a sample's values counts.
#ifndef PROFD_USERSPACE_ANALYSIS_MEASURE_H_
#define PROFD_USERSPACE_ANALYSIS_MEASURE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/profile.h"

namespace profd {

enum class Measure { kCpu, kWall, kSamples };

// "cpu", "wall", "samples"; INVALID_ARGUMENT names them.
absl::StatusOr<Measure> ParseMeasure(absl::string_view name);
absl::string_view MeasureName(Measure measure);

// Wall time where there is any (it was asked for when recording), else CPU time, else samples.
Measure DefaultMeasure(const Profile& profile);

// Nanoseconds, or a number of samples.
inline int64_t WeightOf(const Profile::Sample& sample, Measure measure) {
  switch (measure) {
    case Measure::kCpu:
      return sample.cpu_ns;
    case Measure::kWall:
      return sample.wall_ns;
    case Measure::kSamples:
      break;
  }
  return sample.count;
}

// How many samples that weight was told by: none where a thread waited and only its CPU time
// counts.
inline int64_t CountOf(const Profile::Sample& sample, Measure measure) {
  return WeightOf(sample, measure) == 0 ? 0 : sample.count;
}

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_MEASURE_H_
