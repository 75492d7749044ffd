#include "userspace/analysis/side_values.h"

#include <algorithm>
#include <cmath>

namespace profd {

SideValues::SideValues(const DiffSide& side, DiffMetric metric)
    : side_(side), is_share_(metric == DiffMetric::kShare) {
  denominator_ = is_share_ ? side.weight_ : side.seconds_;
  const double squares = is_share_ ? side.weight_squares_ : side.second_squares_;
  if (denominator_ <= 0) return;
  squares_ = squares / (denominator_ * denominator_);
  degrees_ = std::max(0.0, static_cast<double>(side.observations_) - 1);
}

double SideValues::Spread(const DiffSide::Sum& sum, double value) const {
  if (degrees_ <= 0) return 0;
  const double products = is_share_ ? sum.by_weight : sum.by_seconds;
  const double residual =
      sum.squares - 2 * value * products + value * value * squares_ * denominator_ * denominator_;
  // Of a ratio of sums over observations.
  return std::max(0.0, residual) * (degrees_ + 1) / degrees_ / (denominator_ * denominator_);
}

SideValue SideValues::Of(const DiffSide::Sum& sum) const {
  SideValue out{.samples = sum.samples};
  const double samples = static_cast<double>(sum.samples);
  const double all = static_cast<double>(side_.samples_);
  const double least = 5 * (degrees_ + 1);
  out.value = denominator_ > 0 ? sum.weight / denominator_ : 0;
  out.is_telling = samples >= least;
  // One more sample for and against (Agresti and Caffo 2000), so that none seen is not taken for
  // certainty.
  if (is_share_) {
    const double n = all + 2;
    const double p = std::min(1 - 1 / n, (samples + 1) / n);
    out.level = std::log(p / (1 - p));
    out.slope = p * (1 - p);
    out.term.counts = p * (1 - p) / n;  // binomial
    out.is_telling = out.is_telling && all - samples >= least;
  } else {
    const double one = denominator_ > 0 ? side_.weight_ / std::max(all, 1.0) / denominator_ : 0;
    out.slope = (samples + 1) * one;
    out.level = out.slope > 0 ? std::log(out.slope) : 0;
    out.term.counts = (samples + 1) * one * one;  // Poisson
    out.is_telling = out.is_telling && one > 0;
  }
  out.term.wander = squares_ * out.slope * out.slope;
  out.term.degrees = out.term.counts > 0 ? degrees_ : 0;
  out.term.spread = Spread(sum, out.value);
  return out;
}

SideValue SideValues::OfTotal() const {
  DiffSide::Sum sum;
  sum.weight = side_.weight_;
  sum.samples = side_.samples_;
  sum.squares = side_.weight_squares_;
  sum.by_weight = side_.weight_squares_;
  sum.by_seconds = side_.total_by_seconds_;
  return Of(sum);
}

size_t SideValues::kept() const {
  return side_.kept_.size() == side_.observations_ ? side_.kept_.size() : 0;
}

void SideValues::AppendDeviations(absl::Span<const uint32_t> ids, const NoiseTrend& trend,
                                  Residuals* residuals) const {
  std::vector<uint32_t> place(side_.sums_.size(), kAbsent);
  std::vector<double> values(ids.size(), 0), scales(ids.size(), 0);
  const size_t begin = residuals->empty() ? 0 : residuals->front().size();
  for (uint32_t i = 0; i < ids.size(); ++i) {
    (*residuals)[i].resize(begin + side_.kept_.size(), 0);
    if (ids[i] == kAbsent) continue;
    const SideValue value = Of(side_.sums_[ids[i]]);
    const double expected = trend.Of(value.term);
    place[ids[i]] = i;
    values[i] = value.value;
    scales[i] = expected > 0 ? 1 / (std::sqrt(expected) * denominator_) : 0;
  }
  for (size_t j = 0; j < side_.kept_.size(); ++j) {
    const DiffSide::Observation& observation = side_.kept_[j];
    const double expected = is_share_ ? observation.weight : observation.seconds;
    for (uint32_t i = 0; i < ids.size(); ++i) {
      (*residuals)[i][begin + j] = -values[i] * expected * scales[i];
    }
    for (const auto& [name, weight] : observation.weights) {
      const uint32_t i = place[name];
      if (i != kAbsent) (*residuals)[i][begin + j] += weight * scales[i];
    }
  }
}

}  // namespace profd
