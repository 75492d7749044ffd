#include "userspace/views/neighbours.h"

#include <algorithm>
#include <utility>

#include "userspace/analysis/measure.h"

namespace profd {
namespace {

bool IsSame(const Function& a, const Function& b) {
  return a.kind == b.kind && a.name == b.name && a.file == b.file && a.first_line == b.first_line;
}

// Weights by function of the profile, each sample once.
class Side {
 public:
  explicit Side(size_t functions) : weights_(functions), seen_(functions) {}

  void Add(uint32_t function, int64_t ns, int64_t samples, uint64_t number) {
    if (std::exchange(seen_[function], number) == number) return;
    weights_[function].ns += ns;
    weights_[function].samples += samples;
  }

  std::vector<Neighbour> Sorted(const Profile& profile) && {
    std::vector<Neighbour> found;
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (seen_[i] == 0) continue;
      weights_[i].function = profile.functions()[i];
      found.push_back(std::move(weights_[i]));
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Neighbour& a, const Neighbour& b) { return a.ns > b.ns; });
    return found;
  }

 private:
  std::vector<Neighbour> weights_;
  std::vector<uint64_t> seen_;  // number of the sample that last counted it; 0: none
};

}  // namespace

Neighbours FindNeighbours(const Profile& profile, const Function& function) {
  Neighbours found;
  uint32_t self = 0;
  while (self < profile.functions().size() && !IsSame(*profile.functions()[self], function)) ++self;
  if (self == profile.functions().size()) return found;

  Side callers(profile.functions().size());
  Side callees(profile.functions().size());
  uint64_t number = 0;
  const Measure measure = DefaultMeasure(profile);
  for (const Profile::Sample& sample : profile.samples()) {
    ++number;
    const int64_t ns = WeightOf(sample, measure);
    const absl::Span<const uint32_t> stack = profile.stack(sample.stack);
    auto function_at = [&](size_t i) { return profile.locations()[stack[i]].function; };
    bool is_in = false;
    for (size_t i = 0; i < stack.size(); ++i) {
      if (function_at(i) != self) continue;
      is_in = true;
      if (i == 0) found.self_ns += ns;
      if (i > 0 && function_at(i - 1) != self) {
        callees.Add(function_at(i - 1), ns, sample.count, number);
      }
      if (i + 1 < stack.size() && function_at(i + 1) != self) {
        callers.Add(function_at(i + 1), ns, sample.count, number);
      }
    }
    if (is_in) found.cumulative_ns += ns;
  }
  found.callers = std::move(callers).Sorted(profile);
  found.callees = std::move(callees).Sorted(profile);
  return found;
}

}  // namespace profd
