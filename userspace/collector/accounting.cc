#include "userspace/collector/accounting.h"

#include <algorithm>

namespace profd {

std::vector<std::pair<std::string, uint64_t>> Accounting::Lost() const {
  return {
      {"ring_full", kernel[OUTCOME_LOST_RING_FULL]},
      {"internal", kernel[OUTCOME_LOST_INTERNAL]},
      {"unknown_process", consumer.unknown_process},
      {"malformed", consumer.malformed},
  };
}

std::vector<std::pair<std::string, uint64_t>> Accounting::Imperfect() const {
  return {
      {"ticks_skipped", kernel[COUNT_TICKS_SKIPPED]},
      {"stack_truncated", kernel[COUNT_STACK_TRUNCATED]},
      {"stack_torn", kernel[COUNT_STACK_TORN]},
      {"half_pushed_frames", kernel[COUNT_HALF_PUSHED_FRAMES]},
      {"no_thread_state", kernel[COUNT_NO_THREAD_STATE]},
      {"code_ring_full", kernel[COUNT_CODE_RING_FULL]},
      {"code_unreadable", kernel[COUNT_CODE_UNREADABLE]},
      {"process_table_full", kernel[COUNT_PROCESS_TABLE_FULL]},
      {"lifecycle_ring_full", kernel[COUNT_LIFECYCLE_RING_FULL]},
      {"frames_read_late", frames_read_late},
      {"frames_unproven", frames_unproven},
      {"frames_unnamed", frames_unnamed},
      {"frames_incomplete", frames_incomplete},
      {"profile_full", profile_full},
      {"side_band_lost", side_band_lost},
      {"processes_blocked", memory.processes_blocked},
      {"reads_over_budget", memory.reads_over_budget},
  };
}

uint64_t Accounting::TotalLost() const {
  uint64_t total = 0;
  for (const auto& [reason, count] : Lost()) total += count;
  return total;
}

uint64_t Accounting::Elsewhere() const {
  const uint64_t counted = kernel[OUTCOME_IDLE] + kernel[OUTCOME_NOT_PYTHON] +
                           kernel[OUTCOME_EXCLUDED] + kernel[OUTCOME_KERNEL_THREAD] +
                           consumer.not_selected + consumer.without_gil;
  return counted - std::min(counted, consumer.before_start);
}

double Accounting::RateHz() const {
  const uint64_t due = fired() + kernel[COUNT_TICKS_SKIPPED];
  if (events.enabled_ns == 0 || due == 0) return 0;
  const double set_hz =
      static_cast<double>(events.periods) * 1e9 / static_cast<double>(events.enabled_ns);
  return set_hz * static_cast<double>(fired()) / static_cast<double>(due);
}

Accounting Accounting::operator-(const Accounting& earlier) const {
  Accounting d = *this;
  for (size_t i = 0; i < d.kernel.values.size(); ++i)
    d.kernel.values[i] -= earlier.kernel.values[i];
  d.consumer.profiled -= earlier.consumer.profiled;
  d.consumer.before_start -= earlier.consumer.before_start;
  d.consumer.not_selected -= earlier.consumer.not_selected;
  d.consumer.without_gil -= earlier.consumer.without_gil;
  d.consumer.unknown_process -= earlier.consumer.unknown_process;
  d.consumer.malformed -= earlier.consumer.malformed;
  d.events.counted_ns -= earlier.events.counted_ns;
  d.events.enabled_ns -= earlier.events.enabled_ns;
  d.events.periods -= earlier.events.periods;
  d.frames_read_late -= earlier.frames_read_late;
  d.frames_unproven -= earlier.frames_unproven;
  d.frames_unnamed -= earlier.frames_unnamed;
  d.frames_incomplete -= earlier.frames_incomplete;
  d.profile_full -= earlier.profile_full;
  d.side_band_lost -= earlier.side_band_lost;
  d.memory.processes_blocked -= earlier.memory.processes_blocked;
  d.memory.reads_over_budget -= earlier.memory.reads_over_budget;
  return d;
}

}  // namespace profd
