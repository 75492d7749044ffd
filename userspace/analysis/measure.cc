#include "userspace/analysis/measure.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace profd {

absl::StatusOr<Measure> ParseMeasure(absl::string_view name) {
  for (const Measure measure : {Measure::kCpu, Measure::kWall, Measure::kSamples}) {
    if (name == MeasureName(measure)) return measure;
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is none of cpu, wall, samples"));
}

absl::string_view MeasureName(Measure measure) {
  switch (measure) {
    case Measure::kCpu:
      return "cpu";
    case Measure::kWall:
      return "wall";
    case Measure::kSamples:
      break;
  }
  return "samples";
}

Measure DefaultMeasure(const Profile& profile) {
  if (profile.has_wall()) return Measure::kWall;
  const auto samples = profile.samples();
  const bool has_cpu = std::any_of(samples.begin(), samples.end(),
                                   [](const Profile::Sample& sample) { return sample.cpu_ns > 0; });
  return has_cpu || samples.empty() ? Measure::kCpu : Measure::kSamples;
}

}  // namespace profd
