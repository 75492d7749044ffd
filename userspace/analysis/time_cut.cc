#include "userspace/analysis/time_cut.h"

#include <algorithm>

#include "absl/numeric/int128.h"

namespace profd {
namespace {

int64_t Portion(int64_t whole, int64_t part, int64_t of) {
  return static_cast<int64_t>((absl::int128(whole) * part + of / 2) / of);
}

}  // namespace

TimeCut::TimeCut(const Recording& recording, const TimeRange& range)
    : profile_(recording.profile), parts_(recording.profile.samples().size()) {
  for (const Recording::Event& event : recording.events) {
    Part& part = parts_[event.sample];
    part.ticks += event.ticks;
    ++part.events;
    if (!range.Has(event.time_ns)) continue;
    part.ticks_inside += event.ticks;
    ++part.events_inside;
  }
}

std::optional<Profile::Sample> TimeCut::Of(size_t index) const {
  const Part& part = parts_[index];
  if (part.events_inside == 0) return std::nullopt;
  Profile::Sample sample = profile_.samples()[index];
  const int64_t ticks = std::max<int64_t>(part.ticks, 1);
  // Recordings without times have one event for all of a sample's counts.
  sample.count = sample.count == part.ticks
                     ? part.ticks_inside
                     : Portion(sample.count, part.events_inside, part.events);
  sample.cpu_ns = Portion(sample.cpu_ns, part.ticks_inside, ticks);
  sample.wall_ns = Portion(sample.wall_ns, part.ticks_inside, ticks);
  return sample;
}

}  // namespace profd
