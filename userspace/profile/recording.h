// A profile that knows when each of its samples fell.
#ifndef PROFD_USERSPACE_PROFILE_RECORDING_H_
#define PROFD_USERSPACE_PROFILE_RECORDING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "userspace/profile/profile.h"

namespace profd {

struct Recording {
  static constexpr size_t kMaxEvents = 64 << 20;  // of one: 1 GiB

  struct Event {
    int64_t time_ns = 0;  // since the Unix epoch
    uint32_t sample = 0;  // index into profile.samples()
    uint32_t ticks = 1;   // periods that it stands for
  };

  Profile profile;
  // In the order of time. Empty where the source kept no times: a pprof file, for one.
  std::vector<Event> events;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_RECORDING_H_
