#include "userspace/collector/thread_labels.h"

#include <algorithm>
#include <utility>

#include "userspace/collector/clock.h"

namespace profd {
namespace {
constexpr absl::Duration kShortest = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Seconds(60);  // after failures
constexpr int kCostShare = 1000;  // else reading names takes a thousandth of the time at most,
constexpr absl::Duration kLongestForCost = absl::Seconds(4);  // unless the host is that busy
constexpr int kRestShare = 4;  // what has not changed for a while is left alone for a part of it
constexpr absl::Duration kLongestRest = absl::Seconds(30);
constexpr size_t kMaxSeen = 8192;
}  // namespace

const std::string& ThreadLabels::NameOf(uint64_t thread_id, pid_t tid, ProcessMemory* memory,
                                        const py_layout& layout, uint64_t interp_head,
                                        absl::Duration now) {
  static const std::string none;
  // A thread that is new here may have begun since the last look, with the ID of one that ended.
  if (seen_.size() >= kMaxSeen) seen_.clear();
  if (seen_.emplace(thread_id, tid).second) {
    refresh_at_ = std::min(refresh_at_, earliest_);
  }
  if (memory != nullptr && interp_head != 0 && now >= refresh_at_) {
    Refresh(*memory, layout, interp_head, now);
  }
  auto found = names_.find(thread_id);
  return found != names_.end() ? found->second : none;
}

void ThreadLabels::Refresh(ProcessMemory& memory, const py_layout& layout, uint64_t interp_head,
                           absl::Duration now) {
  if (refresh_at_ == -absl::InfiniteDuration()) changed_at_ = now;
  const absl::Duration begin = SteadyNow();
  auto interpreter = memory.Get<uint64_t>(interp_head);
  absl::Status status = interpreter.status();
  if (interpreter.ok() && *interpreter != 0) {
    auto names = ReadThreadNames(memory, layout, *interpreter, hints_);
    status = names.status();
    if (names.ok() && *names != names_) {
      names_ = *std::move(names);
      changed_at_ = now;
    }
  }
  back_off_ = status.ok() ? kShortest : std::min(back_off_ * 2, kLongest);
  const absl::Duration cost = std::min((SteadyNow() - begin) * kCostShare, kLongestForCost);
  const absl::Duration rest = std::min((now - changed_at_) / kRestShare, kLongestRest);
  earliest_ = now + back_off_;
  refresh_at_ = std::max(earliest_, now + std::max(cost, rest));
}

}  // namespace profd
