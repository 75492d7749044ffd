// What of a tree is shown where there is no room for all of it.
#ifndef PROFD_USERSPACE_ANALYSIS_HEAVIEST_H_
#define PROFD_USERSPACE_ANALYSIS_HEAVIEST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace profd {

// The `count` heaviest of `weights`, of equal ones the first. Where parents stand before their
// children and weigh as much at least, that is a tree in one piece.
class Heaviest {
 public:
  Heaviest(absl::Span<const int64_t> weights, size_t count);
  bool Has(size_t index) const { return chosen_[index]; }

 private:
  std::vector<bool> chosen_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_HEAVIEST_H_
