#include "userspace/views/top_stats.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "userspace/analysis/measure.h"

namespace profd {
namespace {

constexpr double kSmoothing = 0.2;  // weight of the newest interval in what is expected of the next
constexpr double kDeviations = 2;

void BeginInterval(TopStats::Weight* weight, int intervals) {
  // The first interval is all there is to expect from; then an exponential average.
  const double smoothing = intervals <= 1 ? 1 : kSmoothing;
  weight->expected += smoothing * (static_cast<double>(weight->samples) - weight->expected);
  weight->ns = weight->samples = 0;
}

void AddTo(TopStats::Weight* weight, int64_t ns, int64_t samples) {
  weight->ns += ns;
  weight->samples += samples;
  weight->total_ns += ns;
}

}  // namespace

size_t TopStats::RowOf(const std::shared_ptr<const Function>& function, int line) {
  const int shown_line = by_line_ ? line : 0;
  const auto [at, is_new] = ids_.try_emplace(
      Key(function->kind, function->name, function->file, function->first_line, shown_line),
      rows_.size());
  if (!is_new) return at->second;
  if (rows_.size() >= kMaxRows) {
    ids_.erase(at);
    return kMaxRows - 1;
  }
  Row row;
  row.function = function;
  row.line = shown_line;
  if (rows_.size() == kMaxRows - 1) {
    row.function =
        std::make_shared<Function>(Function{FrameKind::kMarker, "[more functions]", "", 0});
    row.line = 0;
  }
  rows_.push_back(std::move(row));
  seen_.push_back(0);
  return rows_.size() - 1;
}

void TopStats::Add(const Profile& interval) {
  for (Row& row : rows_) {
    BeginInterval(&row.self, intervals_);
    BeginInterval(&row.cumulative, intervals_);
  }
  ++intervals_;
  interval_ns_ = 0;

  std::vector<size_t> row_of_location;
  row_of_location.reserve(interval.locations().size());
  for (const Profile::Location& location : interval.locations()) {
    row_of_location.push_back(RowOf(interval.functions()[location.function], location.line));
  }
  const Measure measure = DefaultMeasure(interval);
  for (const Profile::Sample& sample : interval.samples()) {
    const int64_t ns = WeightOf(sample, measure);
    interval_ns_ += ns;
    ++samples_seen_;
    bool is_leaf = true;
    for (uint32_t location : interval.stack(sample.stack)) {
      const size_t id = row_of_location[location];
      if (std::exchange(is_leaf, false)) AddTo(&rows_[id].self, ns, sample.count);
      if (std::exchange(seen_[id], samples_seen_) == samples_seen_) continue;
      AddTo(&rows_[id].cumulative, ns, sample.count);
    }
  }
  total_ns_ += interval_ns_;
}

Trend TopStats::TrendOf(const Weight& weight) const {
  if (intervals_ < 2) return Trend::kSteady;
  // Counts vary by their root; the average of those before adds its own share.
  const double share = intervals_ == 2 ? 1 : kSmoothing / (2 - kSmoothing);
  const double deviation = std::sqrt(std::max(weight.expected, 1.0) * (1 + share));
  const double change = static_cast<double>(weight.samples) - weight.expected;
  if (change > kDeviations * deviation) return Trend::kUp;
  if (change < -kDeviations * deviation) return Trend::kDown;
  return Trend::kSteady;
}

}  // namespace profd
