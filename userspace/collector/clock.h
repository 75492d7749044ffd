// Two clocks: wall time names a moment and steps when somebody sets the clock; steady time measures
// how long things take.
#ifndef PROFD_USERSPACE_COLLECTOR_CLOCK_H_
#define PROFD_USERSPACE_COLLECTOR_CLOCK_H_

#include <time.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace profd {

// Since a moment that is fixed while the host runs. Stands still while it is suspended, as sampling
// does.
inline absl::Duration SteadyNow() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

struct Moment {
  absl::Time wall;
  absl::Duration steady;
  static Moment Now() { return {absl::Now(), SteadyNow()}; }
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_CLOCK_H_
