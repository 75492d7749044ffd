#include "userspace/collector/thread_labels.h"

#include <algorithm>
#include <utility>

#include "userspace/collector/clock.h"

namespace profd {
namespace {
constexpr absl::Duration kShortest = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Seconds(60);
// A busy host makes every look a slow one: names are then at most this old.
constexpr absl::Duration kStalest = absl::Seconds(4);
constexpr int kCostShare = 1000;  // else reading names takes at most a thousandth of the time
}  // namespace

const std::string& ThreadLabels::NameOf(uint64_t thread_id, ProcessMemory* memory,
                                        const py_layout& layout, uint64_t interp_head,
                                        absl::Duration now) {
  static const std::string kNone;
  if (memory != nullptr && interp_head != 0 && now >= refresh_at_) {
    Refresh(*memory, layout, interp_head, now);
  }
  auto found = names_.find(thread_id);
  return found == names_.end() ? kNone : found->second;
}

void ThreadLabels::Refresh(ProcessMemory& memory, const py_layout& layout, uint64_t interp_head,
                           absl::Duration now) {
  const absl::Duration begin = SteadyNow();
  auto interpreter = memory.Get<uint64_t>(interp_head);
  absl::Status status = interpreter.status();
  if (interpreter.ok() && *interpreter != 0) {
    auto names = ReadThreadNames(memory, layout, *interpreter, hints_);
    status = names.status();
    if (names.ok()) names_ = *std::move(names);
  }
  back_off_ = status.ok() ? kShortest : std::min(back_off_ * 2, kLongest);
  refresh_at_ = now + std::max(back_off_, std::min((SteadyNow() - begin) * kCostShare, kStalest));
}

}  // namespace profd
