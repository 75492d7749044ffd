#include "userspace/formats/join.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace profd {

absl::Status Joiner::Add(const Recording& recording) {
  const Profile& from = recording.profile;
  const bool is_timed = !recording.events.empty() || from.samples().empty();
  all_timed_ = all_timed_ && is_timed;
  if (all_timed_ && !events_.empty() && !recording.events.empty() &&
      sum_.profile().window().period_ns != from.window().period_ns) {
    return absl::InvalidArgumentError(
        "recorded at another rate than the files before it: convert them one by one");
  }
  for (const std::string& comment : from.CommentsWithCounts()) comments_.Add(comment);
  const std::vector<uint32_t> samples = sum_.Add(from);
  if (!all_timed_) {
    events_.clear();
    return absl::OkStatus();
  }
  for (Recording::Event event : recording.events) {
    event.sample = samples[event.sample];
    events_.push_back(event);
  }
  return absl::OkStatus();
}

Recording Joiner::Finish() && {
  Recording joined{std::move(sum_).Finish(), std::move(events_)};
  for (const std::string& line : comments_.Lines(Profile::Limits().comments)) {
    joined.profile.AddComment(line);
  }
  std::stable_sort(joined.events.begin(), joined.events.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return joined;
}

}  // namespace profd
