// Where every perf event went.
#ifndef PROFD_USERSPACE_COLLECTOR_ACCOUNTING_H_
#define PROFD_USERSPACE_COLLECTOR_ACCOUNTING_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "userspace/collector/bpf_session.h"
#include "userspace/collector/metered_memory.h"

namespace profd {

// What user space did with the records it took from the rings.
struct ConsumerCounts {
  uint64_t profiled = 0;
  uint64_t before_start = 0;     // of those: the kernel's programs counted them as not Python
  uint64_t not_selected = 0;     // taken before the process was known not to be wanted
  uint64_t without_gil = 0;      // only threads that hold the GIL were asked for
  uint64_t unknown_process = 0;  // its registration was lost
  uint64_t malformed = 0;
};

// One moment; differences of two make a window. For every moment:
//   fired = consumer.profiled + Elsewhere() + TotalLost() + what is still in the rings.
struct Accounting {
  EventCounters kernel;
  ConsumerCounts consumer;
  PerfEventTotals events;
  uint64_t frames_read_late = 0;
  uint64_t frames_unproven = 0;
  uint64_t frames_unnamed = 0;
  uint64_t frames_incomplete = 0;
  uint64_t profile_full = 0;  // samples without their stacks: no room in the window
  uint64_t side_band_lost = 0;
  MemoryCounts memory;

  uint64_t fired() const { return kernel[EVENT_FIRED]; }
  // Every reason by name, those at 0 included. Each name is also its name in metrics.
  std::vector<std::pair<std::string, uint64_t>> Lost() const;
  // What happened inside samples that were kept.
  std::vector<std::pair<std::string, uint64_t>> Imperfect() const;
  uint64_t TotalLost() const;
  // Not of interest, not lost.
  uint64_t Elsewhere() const;

  // Events a second on a CPU, while it had work: one that idles may not fire. 0: none has fired.
  double RateHz() const;

  Accounting operator-(const Accounting& earlier) const;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_ACCOUNTING_H_
