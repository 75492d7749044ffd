#include "userspace/views/top_facts.h"

#include <algorithm>

namespace profd {
namespace {

void AddCounts(const std::vector<std::pair<std::string, uint64_t>>& counts,
               std::vector<std::pair<std::string, uint64_t>>* sums) {
  for (const auto& [reason, count] : counts) {
    if (count == 0) continue;
    auto at = std::find_if(sums->begin(), sums->end(),
                           [&reason = reason](const auto& sum) { return sum.first == reason; });
    if (at == sums->end()) at = sums->insert(at, {reason, 0});
    at->second += count;
  }
}

}  // namespace

void TopFacts::Add(const TopFacts& next) {
  const absl::Duration all = duration + next.duration;
  const double share = all > absl::ZeroDuration() ? absl::FDivDuration(next.duration, all) : 1;
  rate_hz += share * (next.rate_hz - rate_hz);
  wanted_hz = next.wanted_hz;
  if (next.gil_held.has_value()) {
    const double before = gil_held.value_or(0);
    gil_held = before + share * (*next.gil_held - before);
  }
  processes = std::max(processes, next.processes);
  cpu += next.cpu;
  duration = all;
  samples += next.samples;
  AddCounts(next.lost, &lost);
  AddCounts(next.imperfect, &imperfect);
}

}  // namespace profd
