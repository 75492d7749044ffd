#include "userspace/collector/thread_labels.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "symbolizer/process/process.h"
#include "userspace/collector/clock.h"

namespace profd {
namespace {
constexpr absl::Duration kShortest = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Seconds(60);  // after failures
constexpr int kCostShare = 1000;  // else reading names takes a thousandth of the time at most,
constexpr absl::Duration kLongestForCost = absl::Seconds(4);  // unless the host is that busy
constexpr int kRestShare = 4;  // what has not changed for a while is left alone for a part of it
constexpr absl::Duration kLongestRest = absl::Seconds(30);
// While a thread has no name yet:
constexpr absl::Duration kShortestPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestPause = absl::Seconds(4);
constexpr int kEarlyCostShare = 50;
constexpr size_t kMaxKept = 8192;
}  // namespace

ThreadLabels::Name ThreadLabels::NameOf(const Thread& thread, const Source& source,
                                        absl::Duration now) {
  if (threads_.size() >= kMaxKept) threads_.clear();
  const auto [state, is_new] = threads_.try_emplace({thread.id, thread.tid});
  if (is_new) {
    state->second.seen_ticks = TicksSinceBoot();
    const auto found = names_.find(thread.id);
    const auto start = found != names_.end() ? ThreadAliveSince(thread.tid) : std::nullopt;
    if (start.has_value() && *start < looked_at_ticks_) {
      state->second.name = found->second;
    } else {
      looks_for_name_ = true;
      pause_ = kShortestPause;
      look_at_ = std::min(look_at_, soonest_);
      refresh_at_ = std::min(refresh_at_, earliest_);
    }
  }
  if (source.memory != nullptr && source.interp_head != 0) {
    if (now >= refresh_at_) {
      Look(source, now);
    } else if (looks_for_name_ && now >= look_at_ && !source.early_looks->Empty(now)) {
      source.early_looks->Spend(Look(source, now));
    }
  }
  return {state->second.name, is_new};
}

absl::string_view ThreadLabels::KnownNameOf(const Thread& thread) const {
  const auto state = threads_.find({thread.id, thread.tid});
  return state == threads_.end() ? absl::string_view() : state->second.name;
}

absl::StatusOr<ThreadLabels::Names> ThreadLabels::ReadNames(const Source& source) {
  struct Reading {
    py_layout layout;
    ThreadNameHints hints;
    absl::StatusOr<Names> names;
  };
  auto reading = std::make_shared<Reading>();
  reading->layout = *source.layout;
  reading->hints = std::move(hints_);
  absl::Status visited =
      source.memory->Visit([reading, interp_head = source.interp_head](ProcessMemory& memory) {
        const absl::StatusOr<uint64_t> interpreter = memory.Get<uint64_t>(interp_head);
        if (!interpreter.ok()) {
          reading->names = interpreter.status();
        } else if (*interpreter == 0) {  // it has not begun, or has ended
          reading->names = Names();
        } else {
          reading->names = ReadThreadNames(memory, reading->layout, *interpreter, reading->hints);
        }
      });
  if (!visited.ok()) {
    hints_ = {};  // they are the thread's that was left behind
    return visited;
  }
  hints_ = std::move(reading->hints);
  return std::move(reading->names);
}

absl::Duration ThreadLabels::Look(const Source& source, absl::Duration now) {
  if (looked_at_ticks_ == 0) changed_at_ = now;
  const uint64_t ticks = TicksSinceBoot();
  const absl::Duration begin = SteadyNow();
  absl::StatusOr<Names> names = ReadNames(source);
  const bool ok = names.ok();
  if (ok) {
    looked_at_ticks_ = ticks;
    if (*names != names_) {
      names_ = *std::move(names);
      changed_at_ = now;
    }
  }
  looks_for_name_ = ok && Assign() && pause_ < kLongestPause;

  const absl::Duration cost = SteadyNow() - begin;
  soonest_ = now + std::max(kShortestPause, cost * kEarlyCostShare);
  look_at_ = std::max(soonest_, now + pause_);
  pause_ *= 2;
  back_off_ = ok ? kShortest : std::min(back_off_ * 2, kLongest);
  const absl::Duration rest = std::min((now - changed_at_) / kRestShare, kLongestRest);
  earliest_ = now + back_off_;
  refresh_at_ =
      std::max({earliest_, now + std::min(cost * kCostShare, kLongestForCost), now + rest});
  return cost;
}

bool ThreadLabels::Assign() {
  bool is_nameless = false;
  for (auto& [key, thread] : threads_) {
    const auto& [id, tid] = key;
    const auto found = names_.find(id);
    const bool is_known =
        found == names_.end() ? !thread.name.empty() : found->second == thread.name;
    if (thread.gone || is_known) continue;
    // A thread that lives has had its ID for all of the look.
    const std::optional<uint64_t> start = ThreadAliveSince(tid);
    if (!start.has_value() || *start > thread.seen_ticks) {  // later: another has its TID
      thread.gone = true;
    } else if (found != names_.end()) {
      thread.name = found->second;
    } else {
      is_nameless = true;
    }
  }
  return is_nameless;
}

}  // namespace profd
