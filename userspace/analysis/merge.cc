#include "userspace/analysis/merge.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace profd {
namespace {

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
    return ContentOf(*functions[a]) < ContentOf(*functions[b]);
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

}  // namespace

void Merger::Add(const Profile& profile) {
  for (const std::string& line : profile.CommentsWithCounts()) comments_.Add(line);
  collapsed_ += profile.collapsed_samples();
  sum_.Add(profile);
}

Profile Merger::Finish() && {
  const Profile sum = std::move(sum_).Finish();
  ProfileSum ordered(limits_);
  ordered.Add(sum, ContentOrder(sum));
  Profile result = std::move(ordered).Finish();
  // What a limit put together in `sum` is an ordinary stack to `result`.
  for (const std::string& line : sum.CommentsWithCounts()) comments_.Add(line);
  for (const std::string& line : comments_.Lines(limits_.comments)) result.AddComment(line);
  return result;
}

}  // namespace profd
