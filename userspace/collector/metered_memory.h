// The memory of a process as the consuming thread may use it: what is slow, or made slow by its
// owner, must not cost the other processes their samples.
#ifndef PROFD_USERSPACE_COLLECTOR_METERED_MEMORY_H_
#define PROFD_USERSPACE_COLLECTOR_METERED_MEMORY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"
#include "symbolizer/process/time_budget.h"

namespace profd {

struct MemoryCounts {
  uint64_t processes_blocked = 0;  // lost to us: a read of theirs blocked
  uint64_t reads_over_budget = 0;  // not tried
};

// Reads fail with kUnavailable while the process's own budget or `common`, that of all
// processes together, is spent. `common` and `counts` outlive it. For one thread.
class MeteredMemory : public ProcessMemory {
 public:
  static TimeBudget CommonBudget() { return TimeBudget(0.5, absl::Seconds(1)); }

  MeteredMemory(std::unique_ptr<ProcessMemory> memory, TimeBudget* common, MemoryCounts* counts)
      : memory_(std::move(memory)), common_(common), counts_(counts) {}

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override;
  absl::Status Visit(const std::function<void(ProcessMemory&)>& work) override;

 private:
  // Begins a read, or says why there is none.
  absl::Status Begin();
  void End(const absl::Status& status);

  const std::unique_ptr<ProcessMemory> memory_;
  TimeBudget own_{0.1, absl::Milliseconds(300)};
  TimeBudget* const common_;
  MemoryCounts* const counts_;
  bool blocked_ = false;
  absl::Duration begun_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_METERED_MEMORY_H_
