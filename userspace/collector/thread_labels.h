// The names that `threading` gives to a process's threads, refreshed as they change.
#ifndef PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_
#define PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "bpf/events.h"
#include "symbolizer/cpython/thread_names.h"
#include "symbolizer/process/memory.h"

namespace profd {

// For one thread.
class ThreadLabels {
 public:
  // The thread's name; empty when Python knows none. Reads the process at most once a second, and
  // less often when that is slow or fails, or brings nothing new: a new name is seen after half a
  // minute at the latest, a new thread's within a second, unless reads fail. `now`: of SteadyNow().
  const std::string& NameOf(uint64_t thread_id, pid_t tid, ProcessMemory* memory,
                            const py_layout& layout, uint64_t interp_head, absl::Duration now);

 private:
  void Refresh(ProcessMemory& memory, const py_layout& layout, uint64_t interp_head,
               absl::Duration now);

  absl::flat_hash_map<uint64_t, std::string> names_;
  ThreadNameHints hints_;
  absl::flat_hash_set<std::pair<uint64_t, pid_t>> seen_;  // asked for
  absl::Duration changed_at_;
  absl::Duration refresh_at_ = -absl::InfiniteDuration();
  absl::Duration earliest_ = -absl::InfiniteDuration();  // where a new thread asks for it
  absl::Duration back_off_ = absl::Seconds(1);
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_
