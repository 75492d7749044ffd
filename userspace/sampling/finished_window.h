// What one window of sampling yields.
#ifndef PROFD_USERSPACE_SAMPLING_FINISHED_WINDOW_H_
#define PROFD_USERSPACE_SAMPLING_FINISHED_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "userspace/collector/accounting.h"
#include "userspace/profile/profile.h"
#include "userspace/profile/recording.h"

namespace profd {

struct FinishedWindow {
  Profile profile;
  std::vector<Recording::Event> events;  // in the order of time; empty unless times are kept
  Accounting accounting;                 // of this window alone
  uint64_t samples = 0;
  size_t processes = 0;  // that used CPU in the window
  absl::Duration cpu;    // exact, of all these processes
  uint64_t waiting_samples = 0;
  absl::Duration gil_held;  // on all samples, where the sampler was told to look
  absl::Time start;
  absl::Duration duration;    // steady time
  size_t released_bytes = 0;  // of memory for names, in the window
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_FINISHED_WINDOW_H_
