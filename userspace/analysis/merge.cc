#include "userspace/analysis/merge.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "userspace/profile/comments.h"

namespace profd {
namespace {

constexpr uint32_t kUnknown = ~uint32_t{0};

auto FunctionKey(const Function& f) { return std::tie(f.kind, f.name, f.file, f.first_line); }

auto LabelsKey(const Labels& l) {
  return std::tie(l.comm, l.pid, l.thread, l.tid, l.python, l.container);
}

// rank[i]: how many of `count` things come before thing i.
template <typename Less>
std::vector<uint32_t> Ranks(size_t count, const Less& less) {
  std::vector<uint32_t> order(count), rank(count);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), less);
  for (size_t i = 0; i < count; ++i) rank[order[i]] = static_cast<uint32_t>(i);
  return rank;
}

// The samples in an order that depends on what they are only.
std::vector<uint32_t> ContentOrder(const Profile& profile) {
  const auto functions = profile.functions();
  const auto locations = profile.locations();
  const auto samples = profile.samples();
  const std::vector<uint32_t> function_rank = Ranks(functions.size(), [&](uint32_t a, uint32_t b) {
    return FunctionKey(*functions[a]) < FunctionKey(*functions[b]);
  });
  const std::vector<uint32_t> location_rank = Ranks(locations.size(), [&](uint32_t a, uint32_t b) {
    return std::pair(function_rank[locations[a].function], locations[a].line) <
           std::pair(function_rank[locations[b].function], locations[b].line);
  });
  std::vector<uint32_t> order(samples.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Profile::Sample& x = samples[a];
    const Profile::Sample& y = samples[b];
    if (x.stack == y.stack) {
      return LabelsKey(profile.labels(x.labels)) < LabelsKey(profile.labels(y.labels));
    }
    const auto s = profile.stack(x.stack);
    const auto t = profile.stack(y.stack);
    return std::lexicographical_compare(
        s.rbegin(), s.rend(), t.rbegin(), t.rend(),
        [&](uint32_t l, uint32_t r) { return location_rank[l] < location_rank[r]; });
  });
  return order;
}

Stack FramesOf(const Profile& profile, Profile::StackId id,
               const std::vector<std::shared_ptr<const Function>>& functions) {
  Stack stack;
  for (const uint32_t location : profile.stack(id)) {
    const Profile::Location& l = profile.locations()[location];
    stack.push_back({functions[l.function], l.line});
  }
  return stack;
}

// Each stack of `from` is looked up in `to` once, for all of its samples.
void AddSamples(const Profile& from, absl::Span<const uint32_t> order,
                const std::vector<std::shared_ptr<const Function>>& functions, Profile* to) {
  std::vector<uint32_t> stacks(from.stack_count(), kUnknown);
  for (const uint32_t i : order) {
    const Profile::Sample& sample = from.samples()[i];
    uint32_t& stack = stacks[static_cast<size_t>(sample.stack)];
    if (stack == kUnknown) {
      stack = static_cast<uint32_t>(to->InternStack(FramesOf(from, sample.stack, functions)));
    }
    to->Add(static_cast<Profile::StackId>(stack), from.labels(sample.labels), sample.count,
            sample.cpu_ns, sample.wall_ns);
  }
}

}  // namespace

size_t Merger::ByContent::operator()(const std::shared_ptr<const Function>& f) const {
  return absl::HashOf(f->kind, f->name, f->file, f->first_line);
}

bool Merger::ByContent::operator()(const std::shared_ptr<const Function>& a,
                                   const std::shared_ptr<const Function>& b) const {
  return a == b || FunctionKey(*a) == FunctionKey(*b);
}

Merger::Merger(const Profile::Limits& limits) : limits_(limits), sum_(limits) {}

const std::shared_ptr<const Function>& Merger::Canonical(
    const std::shared_ptr<const Function>& function) {
  return *functions_.insert(function).first;
}

void Merger::Add(const Profile& profile) {
  const Window& window = profile.window();
  if (!has_window_) {
    window_ = window;
  } else {
    window_.start = std::min(window_.start, window.start);
    window_.duration += window.duration;
    window_.period_ns = std::max(window_.period_ns, window.period_ns);
  }
  has_window_ = true;
  for (const std::string& line : profile.comments()) comments_.Add(line);
  std::vector<std::shared_ptr<const Function>> functions;
  functions.reserve(profile.functions().size());
  for (const auto& function : profile.functions()) functions.push_back(Canonical(function));
  std::vector<uint32_t> order(profile.samples().size());
  std::iota(order.begin(), order.end(), 0);
  AddSamples(profile, order, functions, &sum_);
}

Profile Merger::Finish() && {
  Profile result(limits_);
  result.set_window(window_);
  const std::vector<std::shared_ptr<const Function>> functions(sum_.functions().begin(),
                                                               sum_.functions().end());
  AddSamples(sum_, ContentOrder(sum_), functions, &result);
  // What a limit put together in `sum_` is an ordinary stack to `result`.
  comments_.AddCount(kCollapsedSamplesComment, sum_.collapsed_samples());
  comments_.AddCount(kCutStacksComment, sum_.cut_stacks());
  for (const std::string& line : comments_.Lines(limits_.comments)) result.AddComment(line);
  return result;
}

}  // namespace profd
