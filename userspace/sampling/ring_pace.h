// How large the rings of samples are, and how often to look at them.
#ifndef PROFD_USERSPACE_SAMPLING_RING_PACE_H_
#define PROFD_USERSPACE_SAMPLING_RING_PACE_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace profd {

// A stack of 1,024 frames takes a hundred times the room of one of ten. Looking as often as the
// deepest might need it costs a third of the agent's CPU; hence as often as the last ones did.
// Should stacks grow all at once, the kernel's side says that a ring fills.
class RingPace {
 public:
  // `period_ns`: between two samples on one CPU.
  explicit RingPace(uint64_t period_ns);

  // A power of two.
  size_t bytes_per_cpu() const { return bytes_per_cpu_; }
  // Sampling begins. `now`, here and below: of SteadyNow().
  void Begin(absl::Duration now) { measured_since_ = now; }
  // The rings have been emptied; of the fullest one `filled`, 0 to 1, was taken.
  void Emptied(absl::Duration now, double filled);
  // Until the next look.
  absl::Duration interval() const { return interval_; }

 private:
  const size_t bytes_per_cpu_;
  const absl::Duration shortest_;  // in which the deepest stacks fill half of a ring
  absl::Duration interval_;
  absl::Duration measured_since_;
  double filled_ = 0;  // since then
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_RING_PACE_H_
