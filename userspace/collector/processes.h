// The Python processes that samples come from.
#ifndef PROFD_USERSPACE_COLLECTOR_PROCESSES_H_
#define PROFD_USERSPACE_COLLECTOR_PROCESSES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "symbolizer/native/native_symbolizer.h"
#include "symbolizer/process/memory.h"
#include "userspace/collector/images.h"
#include "userspace/collector/thread_labels.h"

namespace profd {

// One life of a process as one program.
struct Process {
  // Set before others see it.
  ProcessKey key;
  std::shared_ptr<Image> image;
  std::string container;
  uint64_t start_ticks = 0;  // of the process, which an exec does not change; 0: not known

  std::atomic<uint64_t> interp_head = 0;  // address of the pointer to the first interpreter

  // What fell into it before it was registered. Of the consuming thread alone, once `has_start`.
  py_start start = {};
  std::atomic<bool> has_start = false;

  // Of the consuming thread alone, once others see it.
  std::string comm;
  bool selected = true;  // once, and for its life: see Discovery::ExcludeUnlessNamed()
  bool ended = false;
  absl::Duration ended_at;    // steady time
  bool end_told = false;      // its CPU time is in a profile, all of it
  bool released = false;      // only what a profile says of it is left
  absl::Duration cpu_before;  // of the process's clock, before our time
  absl::Duration cpu_at_end;  // once it has ended
  std::unique_ptr<ProcessMemory> memory;
  bool memory_tried = false;
  ThreadLabels threads;
};

// Thread-safe.
class Processes {
 public:
  Processes() = default;

  void Add(std::shared_ptr<Process> process);
  std::shared_ptr<Process> Find(uint64_t incarnation) const;
  void Remove(uint64_t incarnation);
  std::vector<std::shared_ptr<Process>> All() const;
  size_t size() const;

 private:
  mutable std::mutex mutex_;  // of what follows
  absl::flat_hash_map<uint64_t, std::shared_ptr<Process>> processes_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_PROCESSES_H_
