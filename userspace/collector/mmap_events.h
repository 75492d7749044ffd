// Tells of every file that any process maps as code: perf's side-band records.
#ifndef PROFD_USERSPACE_COLLECTOR_MMAP_EVENTS_H_
#define PROFD_USERSPACE_COLLECTOR_MMAP_EVENTS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/process.h"

namespace profd {

struct MmapEvent {
  pid_t pid = 0;
  uint64_t inode_generation = 0;  // with device and inode: one file, while it exists
  Mapping mapping;
};

// For one thread.
class MmapEvents {
 public:
  static absl::StatusOr<std::unique_ptr<MmapEvents>> Create();
  ~MmapEvents();

  // Follows CPUs that come and go. What goes on is told all the same when this fails.
  absl::Status RefreshCpus();

  // Waits until there is something, or one of `others` is readable, or the time is over.
  void Wait(absl::Duration timeout, absl::Span<const int> others);
  void Consume(const std::function<void(const MmapEvent&)>& handler);
  uint64_t lost() const { return lost_; }

 private:
  class Ring;
  MmapEvents();

  std::vector<std::unique_ptr<Ring>> rings_;
  uint64_t lost_ = 0;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_MMAP_EVENTS_H_
