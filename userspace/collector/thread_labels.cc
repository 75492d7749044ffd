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
constexpr int kRestShare = 4;     // what has not changed for a while is left alone for a part of it
constexpr size_t kMaxNameless = 8192;
}  // namespace

const std::string& ThreadLabels::NameOf(uint64_t thread_id, ProcessMemory* memory,
                                        const py_layout& layout, uint64_t interp_head,
                                        absl::Duration now) {
  static const std::string kNone;
  if (memory != nullptr && interp_head != 0 && now >= refresh_at_) {
    Refresh(*memory, layout, interp_head, now);
  }
  auto found = names_.find(thread_id);
  if (found != names_.end()) return found->second;
  if (nameless_.size() < kMaxNameless && nameless_.insert(thread_id).second) {
    // It may have begun since.
    refresh_at_ = std::min(refresh_at_, refreshed_at_ + back_off_);
  }
  return kNone;
}

void ThreadLabels::Refresh(ProcessMemory& memory, const py_layout& layout, uint64_t interp_head,
                           absl::Duration now) {
  if (refreshed_at_ == -absl::InfiniteDuration()) changed_at_ = now;
  const absl::Duration begin = SteadyNow();
  auto interpreter = memory.Get<uint64_t>(interp_head);
  absl::Status status = interpreter.status();
  if (interpreter.ok() && *interpreter != 0) {
    auto names = ReadThreadNames(memory, layout, *interpreter, hints_);
    status = names.status();
    if (names.ok() && *names != names_) {
      names_ = *std::move(names);
      nameless_.clear();
      changed_at_ = now;
    }
  }
  back_off_ = status.ok() ? kShortest : std::min(back_off_ * 2, kLongest);
  refreshed_at_ = now;
  const absl::Duration rest =
      std::max((SteadyNow() - begin) * kCostShare, (now - changed_at_) / kRestShare);
  refresh_at_ = now + std::max(back_off_, std::min(rest, kStalest));
}

}  // namespace profd
