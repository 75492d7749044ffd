#include <algorithm>
#include <cmath>

#include "userspace/analysis/diff.h"
#include "userspace/analysis/pairing.h"

namespace profd {
namespace {

constexpr int64_t kMostStretches = 20;
constexpr int64_t kShortestStretchNs = 1'000'000'000;

// What a function is compared by; all but a function's own is also what it is called.
std::string KeyOf(const Function& function, TableKey key) {
  if (key == TableKey::kPackage) return StablePackage(function);
  if (key == TableKey::kFile) {
    const std::string file = StableFile(function);
    return file.empty() ? function.name : file;
  }
  return PairingKey(function);
}

}  // namespace

std::vector<uint32_t> DiffSide::NamesOfLocations(const Profile& profile) {
  std::vector<uint32_t> of_function;
  for (const auto& function : profile.functions()) {
    const std::string key = KeyOf(*function, options_.key);
    const auto [at, is_new] = ids_.try_emplace(key, static_cast<uint32_t>(sums_.size()));
    if (is_new && options_.key == TableKey::kFunction) {
      sums_.push_back({StableName(*function), Where(StableFile(*function), function->first_line),
                       Classify(*function)});
    } else if (is_new) {
      sums_.push_back({key, "", Classify(*function)});
    }
    of_function.push_back(at->second);
  }
  seen_in_.resize(sums_.size(), 0);
  std::vector<uint32_t> of_location;
  for (const Profile::Location& location : profile.locations()) {
    of_location.push_back(of_function[location.function]);
  }
  return of_location;
}

void DiffSide::Observe(const Profile& profile, absl::Span<const uint32_t> names,
                       absl::Span<const int64_t> weights, absl::Span<const int64_t> counts,
                       double seconds) {
  const double unit = options_.measure == Measure::kSamples ? 1 : 1e-9;
  std::vector<uint32_t> touched;
  double total = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0 && counts[i] <= 0) continue;
    ++sample_number_;
    const double weight = static_cast<double>(weights[i]) * unit;
    total += weight;
    samples_ += counts[i];
    absl::Span<const uint32_t> stack = profile.stack(profile.samples()[i].stack);
    if (options_.of == SortBy::kSelf) stack = stack.subspan(0, 1);
    uint32_t callee = kNoCaller;
    for (const uint32_t location : stack) {
      const uint32_t name = names[location];
      if (std::exchange(seen_in_[name], sample_number_) == sample_number_) continue;
      if (callee != kNoCaller && observations_ < kMostWithCallers) {
        calls_[{callee, name}] += counts[i];
      }
      callee = name;
      Sum& sum = sums_[name];
      if (sum.now == 0) touched.push_back(name);
      sum.now += weight;
      sum.samples += counts[i];
    }
  }
  Observation* const kept =
      kept_.size() < kMostKept ? &kept_.emplace_back(Observation{total, seconds, {}}) : nullptr;
  for (const uint32_t name : touched) {
    Sum& sum = sums_[name];
    if (kept != nullptr) kept->weights.emplace_back(name, sum.now);
    const double now = std::exchange(sum.now, 0);
    sum.weight += now;
    sum.squares += now * now;
    sum.by_weight += now * total;
    sum.by_seconds += now * seconds;
  }
  weight_ += total;
  weight_squares_ += total * total;
  seconds_ += seconds;
  second_squares_ += seconds * seconds;
  total_by_seconds_ += total * seconds;
  ++observations_;
}

std::vector<uint32_t> DiffSide::MainCallers() const {
  if (observations_ > kMostWithCallers) return {};
  std::vector<uint32_t> callers(sums_.size(), kNoCaller);
  for (const auto& [call, samples] : calls_) {
    if (2 * samples > sums_[call.first].samples) callers[call.first] = call.second;
  }
  return callers;
}

void DiffSide::Add(const Recording& recording, bool split) {
  const Profile& profile = recording.profile;
  const std::vector<uint32_t> names = NamesOfLocations(profile);
  const auto samples = profile.samples();
  const double seconds = absl::ToDoubleSeconds(profile.window().duration);
  if (files_ == 0 || profile.window().start < window_.start) window_.start = profile.window().start;
  window_.duration += profile.window().duration;
  ++files_;

  int64_t stretches = 1, begin = 0, span = 1;
  if (split && !recording.events.empty()) {
    begin = recording.events.front().time_ns;
    span = recording.events.back().time_ns - begin + 1;
    stretches = std::clamp<int64_t>(span / kShortestStretchNs, 1, kMostStretches);
  }
  std::vector<int64_t> weights(samples.size()), counts(samples.size());
  const int64_t period = std::max<int64_t>(profile.window().period_ns, 1);
  for (size_t i = 0; i < samples.size(); ++i) {
    weights[i] = WeightOf(samples[i], options_.measure);
    // Other writers may count time only.
    counts[i] = samples[i].count > 0 ? CountOf(samples[i], options_.measure) : weights[i] / period;
  }
  if (stretches == 1) return Observe(profile, names, weights, counts, seconds);

  std::vector<int64_t> ticks(samples.size(), 0);
  for (const Recording::Event& event : recording.events) ticks[event.sample] += event.ticks;
  auto event = recording.events.begin();
  for (int64_t i = 0; i < stretches; ++i) {
    const int64_t end =
        begin + static_cast<int64_t>(static_cast<double>(span) * static_cast<double>(i + 1) /
                                     static_cast<double>(stretches));
    std::vector<int64_t> part_weights(samples.size(), 0), part_counts(samples.size(), 0);
    for (; event != recording.events.end() && (i + 1 == stretches || event->time_ns < end);
         ++event) {
      const double part = static_cast<double>(event->ticks) /
                          static_cast<double>(std::max<int64_t>(ticks[event->sample], 1));
      part_weights[event->sample] +=
          std::llround(part * static_cast<double>(weights[event->sample]));
      part_counts[event->sample] += weights[event->sample] > 0 ? 1 : 0;
    }
    Observe(profile, names, part_weights, part_counts, seconds / static_cast<double>(stretches));
  }
}

}  // namespace profd
