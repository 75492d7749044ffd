#include "userspace/views/recording_range.h"

#include <algorithm>
#include <limits>
#include <optional>
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
  Profile part;
  Window window = all.window();
  window.start = absl::FromUnixNanos(range.begin);
  window.duration = absl::Nanoseconds(range.end - range.begin);
  part.set_window(window);
  const TimeCut cut(recording, range);
  Stack stack;
  for (size_t i = 0; i < all.samples().size(); ++i) {
    const std::optional<Profile::Sample> sample = cut.Of(i);
    if (!sample) continue;
    stack.clear();
    for (uint32_t at : all.stack(sample->stack)) {
      const Profile::Location& location = all.locations()[at];
      stack.push_back({all.functions()[location.function], location.line});
    }
    part.Add(part.InternStack(stack), all.labels(sample->labels), sample->count, sample->cpu_ns,
             sample->wall_ns);
  }
  return part;
}

}  // namespace profd
