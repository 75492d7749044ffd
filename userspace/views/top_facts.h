// What of an interval is not in its profile.
#ifndef PROFD_USERSPACE_VIEWS_TOP_FACTS_H_
#define PROFD_USERSPACE_VIEWS_TOP_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace profd {

struct TopFacts {
  size_t processes = 0;  // that used CPU
  double rate_hz = 0;    // reached
  double wanted_hz = 0;
  absl::Duration cpu;  // exact, of all these processes
  absl::Duration duration;
  uint64_t samples = 0;
  // Of this interval, by reason; those at 0 may be left out.
  std::vector<std::pair<std::string, uint64_t>> lost;
  std::vector<std::pair<std::string, uint64_t>> imperfect;
  std::optional<double> gil_held;  // share of the interval, 0–1

  // Adds the interval that follows: rates and shares become averages over time. `processes` is then
  // the most of any interval.
  void Add(const TopFacts& next);
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_FACTS_H_
