// What many processes draw on and no one of them may use up.
#ifndef PROFD_USERSPACE_PROFILE_FAIR_POT_H_
#define PROFD_USERSPACE_PROFILE_FAIR_POT_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace profd {

// A process may hold no more than it leaves to the others: one alone gets half of the pot, ten that
// want all an eleventh each.
class FairPot {
 public:
  // Not fair: whoever comes first is served.
  FairPot(size_t size, bool fair) : size_(size), fair_(fair) {}

  // Process 0 stands for nobody in particular and may have all that is left.
  bool Has(int64_t process, size_t amount) const {
    const size_t left = size_ - used_;
    if (amount > left) return false;
    if (!fair_ || process == 0) return true;
    const auto held = held_.find(process);
    return (held == held_.end() ? 0 : held->second) + amount <= left - amount;
  }
  // False: the pot has not so much for the process; nothing is taken.
  bool Take(int64_t process, size_t amount) {
    if (!Has(process, amount)) return false;
    if (fair_) held_[process] += amount;
    used_ += amount;
    return true;
  }
  size_t used() const { return used_; }

 private:
  size_t size_;
  bool fair_;
  size_t used_ = 0;
  absl::flat_hash_map<int64_t, size_t> held_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_FAIR_POT_H_
