#include "userspace/analysis/profile_sum.h"

#include <algorithm>
#include <numeric>

#include "absl/hash/hash.h"

namespace profd {
namespace {

constexpr uint32_t kUnknown = ~uint32_t{0};

}  // namespace

size_t ProfileSum::ByContent::operator()(const std::shared_ptr<const Function>& f) const {
  return absl::HashOf(ContentOf(*f));
}

bool ProfileSum::ByContent::operator()(const std::shared_ptr<const Function>& a,
                                       const std::shared_ptr<const Function>& b) const {
  return a == b || ContentOf(*a) == ContentOf(*b);
}

void ProfileSum::AddWindow(const Window& window) {
  Window sum = has_window_ ? sum_.window() : window;
  if (has_window_) {
    sum.start = std::min(sum.start, window.start);
    sum.duration += window.duration;
    sum.period_ns = std::max(sum.period_ns, window.period_ns);
  }
  has_window_ = true;
  sum_.set_window(sum);
}

std::vector<uint32_t> ProfileSum::Add(const Profile& profile) {
  std::vector<uint32_t> order(profile.samples().size());
  std::iota(order.begin(), order.end(), 0);
  return Add(profile, order);
}

std::vector<uint32_t> ProfileSum::Add(const Profile& profile, absl::Span<const uint32_t> order) {
  AddWindow(profile.window());
  std::vector<uint32_t> stacks(profile.stack_count(), kUnknown);
  std::vector<uint32_t> samples(profile.samples().size(), kUnknown);
  Stack frames;
  for (const uint32_t i : order) {
    const Profile::Sample& sample = profile.samples()[i];
    uint32_t& stack = stacks[static_cast<size_t>(sample.stack)];
    if (stack == kUnknown) {
      frames.clear();
      for (const uint32_t id : profile.stack(sample.stack)) {
        const Profile::Location& location = profile.locations()[id];
        const auto& function = *functions_.insert(profile.functions()[location.function]).first;
        frames.push_back({function, location.line});
      }
      stack = static_cast<uint32_t>(sum_.InternStack(frames));
    }
    samples[i] = sum_.Add(static_cast<Profile::StackId>(stack), profile.labels(sample.labels),
                          sample.count, sample.cpu_ns, sample.wall_ns);
  }
  return samples;
}

}  // namespace profd
