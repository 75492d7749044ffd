#include "userspace/collector/thread_labels.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "symbolizer/cpython/layouts.h"
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
constexpr int kMaxInterpreters = 64;
}  // namespace

ThreadLabels::Name ThreadLabels::NameOf(const Thread& thread, const Source& source,
                                        absl::Duration now) {
  if (threads_.size() >= kMaxKept) threads_.clear();
  const auto [state, is_new] = threads_.try_emplace({thread.id, thread.tid});
  if (is_new) {
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

// The list begins with the interpreter that was made last: names that several know, as those of
// threads that a subinterpreter runs in, are the main one's.
absl::StatusOr<ThreadLabels::Names> ThreadLabels::NamesOfAll(ProcessMemory& memory,
                                                             const py_layout& layout,
                                                             uint64_t interp_head,
                                                             AllHints& hints) {
  Names names;
  AllHints used;
  absl::StatusOr<uint64_t> interpreter = memory.Get<uint64_t>(interp_head);
  for (int i = 0; i < kMaxInterpreters && interpreter.ok() && *interpreter != 0; ++i) {
    ThreadNameHints& own = used[*interpreter] = std::move(hints[*interpreter]);
    absl::StatusOr<Names> found = ReadThreadNames(memory, layout, *interpreter, own);
    if (!found.ok()) return found.status();
    for (auto& [id, name] : *found) names.insert_or_assign(id, std::move(name));
    if (!Has(layout, PY_INTERP_NEXT)) break;
    interpreter = memory.Get<uint64_t>(*interpreter + layout.offset[PY_INTERP_NEXT]);
  }
  hints = std::move(used);
  if (!interpreter.ok()) return interpreter.status();
  return names;
}

absl::StatusOr<ThreadLabels::Names> ThreadLabels::ReadNames(const Source& source) {
  struct Reading {
    py_layout layout;
    AllHints hints;
    absl::StatusOr<Names> names;
  };
  auto reading = std::make_shared<Reading>();
  reading->layout = *source.layout;
  reading->hints = std::exchange(hints_, {});  // a thread that is left behind has them
  absl::Status visited =
      source.memory->Visit([reading, interp_head = source.interp_head](ProcessMemory& memory) {
        reading->names = NamesOfAll(memory, reading->layout, interp_head, reading->hints);
      });
  if (!visited.ok()) return visited;
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
    const std::optional<uint64_t> start = ThreadAliveSince(tid);
    if (!start.has_value()) {
      thread.gone = true;
    } else if (*start > looked_at_ticks_) {  // another has its ID and its TID
      thread.name.clear();
      is_nameless = true;
    } else if (found != names_.end()) {  // it lives, and has had its ID for all of the look
      thread.name = found->second;
    } else {
      is_nameless = true;
    }
  }
  return is_nameless;
}

}  // namespace profd
