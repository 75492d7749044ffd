#include "userspace/analysis/heaviest.h"

#include <algorithm>
#include <numeric>

namespace profd {

Heaviest::Heaviest(absl::Span<const int64_t> weights, size_t count)
    : chosen_(weights.size(), weights.size() <= count) {
  if (weights.size() <= count || count == 0) return;
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  const auto last = order.begin() + static_cast<ptrdiff_t>(count - 1);
  std::nth_element(order.begin(), last, order.end(), [weights](size_t a, size_t b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
  });
  for (auto index = order.begin(); index <= last; ++index) chosen_[*index] = true;
}

}  // namespace profd
