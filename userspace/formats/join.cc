#include "userspace/formats/join.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace profd {

absl::Status Joiner::Add(const Recording& recording) {
  const Profile& from = recording.profile;
  Profile& to = sum_.profile;
  Window window = to.window();
  const Window& other = from.window();
  const bool is_timed = !recording.events.empty() || from.samples().empty();
  all_timed_ = all_timed_ && is_timed;
  if (all_timed_ && !sum_.events.empty() && !recording.events.empty() &&
      window.period_ns != other.period_ns) {
    return absl::InvalidArgumentError(
        "recorded at another rate than the files before it: convert them one by one");
  }
  window.start = added_ == 0 ? other.start : std::min(window.start, other.start);
  window.duration += other.duration;
  window.period_ns = std::max(window.period_ns, other.period_ns);
  to.set_window(window);
  ++added_;
  for (const std::string& comment : from.comments()) comments_.Add(comment);

  std::vector<std::optional<Profile::StackId>> stacks(from.stack_count());
  std::vector<uint32_t> ids;
  ids.reserve(from.samples().size());
  for (const Profile::Sample& sample : from.samples()) {
    std::optional<Profile::StackId>& stack = stacks[static_cast<size_t>(sample.stack)];
    if (!stack) {
      Stack frames;
      for (const uint32_t id : from.stack(sample.stack)) {
        const Profile::Location& location = from.locations()[id];
        frames.push_back({from.functions()[location.function], location.line});
      }
      stack = to.InternStack(frames);
    }
    ids.push_back(
        to.Add(*stack, from.labels(sample.labels), sample.count, sample.cpu_ns, sample.wall_ns));
  }
  if (!all_timed_) {
    sum_.events.clear();
    return absl::OkStatus();
  }
  for (Recording::Event event : recording.events) {
    event.sample = ids[event.sample];
    sum_.events.push_back(event);
  }
  return absl::OkStatus();
}

Recording Joiner::Finish() && {
  for (const std::string& line : comments_.Lines(Profile::Limits().comments)) {
    sum_.profile.AddComment(line);
  }
  std::stable_sort(sum_.events.begin(), sum_.events.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return std::move(sum_);
}

}  // namespace profd
