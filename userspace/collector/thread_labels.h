// The names that `threading` gives to a process's threads, refreshed as they change.
#ifndef PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_
#define PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bpf/events.h"
#include "symbolizer/cpython/thread_names.h"
#include "symbolizer/process/memory.h"
#include "userspace/collector/metered_memory.h"

namespace profd {

// Of one process. For one thread.
class ThreadLabels {
 public:
  // Looks that new threads ask for, of all processes together.
  static TimeBudget CommonEarlyLooks() { return TimeBudget(0.02, absl::Milliseconds(200)); }

  struct Source {
    ProcessMemory* memory = nullptr;  // null: it cannot be read
    const py_layout* layout = nullptr;
    uint64_t interp_head = 0;  // 0: not known yet
    TimeBudget* early_looks = nullptr;
  };
  struct Thread {
    pid_t tid = 0;
    uint64_t id = 0;  // pthread_self()
  };
  struct Name {
    // Empty: Python knows none, or it is not known yet. Valid until the next call.
    absl::string_view text;
    bool is_new_thread = false;
  };

  // Never the name of a thread that has ended and whose ID this one has: glibc gives it to the next
  // at once. A new thread has its name from the last look if it was there then; else it is looked
  // for at once, then ever more seldom until it has a name. Names are read anew once a second at
  // most, and less often when that is slow or fails, or brings nothing new, after half a minute at
  // the latest. `now`: of SteadyNow().
  Name NameOf(const Thread& thread, const Source& source, absl::Duration now);
  // Without a look. Empty: as above, or the thread is not known. Valid until the next call.
  absl::string_view KnownNameOf(const Thread& thread) const;

 private:
  struct State {
    std::string name;
    bool gone = false;
  };

  using Names = absl::flat_hash_map<uint64_t, std::string>;  // by pthread_self()

  using AllHints = absl::flat_hash_map<uint64_t, ThreadNameHints>;  // by interpreter

  static absl::StatusOr<Names> NamesOfAll(ProcessMemory& memory, const py_layout& layout,
                                          uint64_t interp_head, AllHints& hints);
  absl::StatusOr<Names> ReadNames(const Source& source);
  // Returns what it took.
  absl::Duration Look(const Source& source, absl::Duration now);
  // True when a thread that lives has no name.
  bool Assign();

  absl::flat_hash_map<std::pair<uint64_t, pid_t>, State> threads_;  // by ID and TID
  Names names_;                                                     // as the last look found them
  uint64_t looked_at_ticks_ = 0;  // when that began, of TicksSinceBoot(); 0: there was none
  AllHints hints_;
  absl::Duration changed_at_;
  absl::Duration refresh_at_ = -absl::InfiniteDuration();
  absl::Duration earliest_ = -absl::InfiniteDuration();  // where a new thread asks for it
  absl::Duration back_off_ = absl::Seconds(1);
  // While a thread without a name is looked for:
  bool looks_for_name_ = false;
  absl::Duration soonest_ = -absl::InfiniteDuration();
  absl::Duration look_at_ = -absl::InfiniteDuration();
  absl::Duration pause_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_THREAD_LABELS_H_
