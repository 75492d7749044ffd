#include "userspace/formats/tracks.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/frame_text.h"

namespace profd {
namespace {

std::string Named(absl::string_view name, absl::string_view what, int64_t id) {
  if (id == 0) return std::string(name.empty() ? kUnnamed : name);
  return absl::StrCat(name.empty() ? what : name, " ", id);
}

}  // namespace

std::vector<Track> TracksOf(const Recording& recording) {
  const Profile& profile = recording.profile;
  std::vector<Track> tracks;
  absl::flat_hash_map<std::pair<int64_t, int64_t>, size_t> ids;
  absl::flat_hash_map<int64_t, int64_t> process_ns;
  const auto add = [&](const Profile::Sample& sample, uint32_t index, int64_t ns) {
    const Labels& labels = profile.labels(sample.labels);
    const auto [entry, is_new] = ids.try_emplace({labels.pid, labels.tid}, tracks.size());
    if (is_new) tracks.push_back({.pid = labels.pid, .tid = labels.tid});
    Track& track = tracks[entry->second];
    track.labels = &labels;
    track.time_ns += ns;
    track.events.push_back(index);
    process_ns[labels.pid] += ns;
  };
  const int64_t period_ns = profile.window().period_ns;
  const auto samples = profile.samples();
  for (uint32_t i = 0; i < recording.events.size(); ++i) {
    const Recording::Event& event = recording.events[i];
    if (event.sample < samples.size()) add(samples[event.sample], i, event.ticks * period_ns);
  }
  if (recording.events.empty()) {
    for (uint32_t i = 0; i < samples.size(); ++i) add(samples[i], i, TimeNs(samples[i]));
  }
  std::sort(tracks.begin(), tracks.end(), [&](const Track& a, const Track& b) {
    const auto key = [&](const Track& t) {
      return std::make_tuple(-process_ns[t.pid], t.pid, !t.is_main(), -t.time_ns, t.tid);
    };
    return key(a) < key(b);
  });
  return tracks;
}

std::string ProcessName(const Labels& labels) { return Named(labels.comm, "process", labels.pid); }
std::string ThreadName(const Labels& labels) { return Named(labels.thread, "thread", labels.tid); }

}  // namespace profd
