#include "userspace/views/recording_range.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace profd {

void RecordingSum::Add(const Recording& recording) {
  const std::vector<uint32_t> samples = sum_.Add(recording.profile);
  const size_t wanted =
      recording.events.empty() ? recording.profile.samples().size() : recording.events.size();
  // All of a recording's times or none: half of them would look like a pause.
  if (wanted > Recording::kMaxEvents - events_.size()) return;
  for (Recording::Event event : recording.events) {
    event.sample = samples[event.sample];
    events_.push_back(event);
  }
  if (!recording.events.empty()) return;
  const int64_t start = absl::ToUnixNanos(recording.profile.window().start);
  for (size_t i = 0; i < samples.size(); ++i) {
    const int64_t count = std::max<int64_t>(recording.profile.samples()[i].count, 1);
    const int64_t ticks = std::min<int64_t>(count, std::numeric_limits<uint32_t>::max());
    events_.push_back({start, samples[i], static_cast<uint32_t>(ticks)});
  }
}

Recording RecordingSum::Finish() && {
  std::stable_sort(events_.begin(), events_.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return {std::move(sum_).Finish(), std::move(events_)};
}

TimeRange ExtentOfEvents(const Recording& recording) {
  if (recording.events.empty()) return {};
  return {recording.events.front().time_ns, recording.events.back().time_ns + 1};
}

Profile WithinRange(const Recording& recording, const TimeRange& range) {
  const Profile& all = recording.profile;
  std::vector<uint64_t> ticks(all.samples().size()), inside(all.samples().size());
  for (const Recording::Event& event : recording.events) {
    ticks[event.sample] += event.ticks;
    if (event.time_ns >= range.begin && event.time_ns < range.end) {
      inside[event.sample] += event.ticks;
    }
  }
  Profile part;
  Window window = all.window();
  window.start = absl::FromUnixNanos(range.begin);
  window.duration = absl::Nanoseconds(range.end - range.begin);
  part.set_window(window);
  Stack stack;
  for (size_t i = 0; i < all.samples().size(); ++i) {
    if (inside[i] == 0) continue;
    const Profile::Sample& sample = all.samples()[i];
    const double share = static_cast<double>(inside[i]) / static_cast<double>(ticks[i]);
    auto of = [share](int64_t value) {
      return static_cast<int64_t>(std::llround(static_cast<double>(value) * share));
    };
    stack.clear();
    for (uint32_t at : all.stack(sample.stack)) {
      const Profile::Location& location = all.locations()[at];
      stack.push_back({all.functions()[location.function], location.line});
    }
    part.Add(part.InternStack(stack), all.labels(sample.labels), of(sample.count),
             of(sample.cpu_ns), of(sample.wall_ns));
  }
  return part;
}

}  // namespace profd
