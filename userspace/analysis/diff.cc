#include "userspace/analysis/diff.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace profd {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
// How many observations the side's own average noise weighs beside what a name's few observations
// say: a variance moderated as limma does it (Smyth 2004), with a fixed prior.
constexpr double kPrior = 4;
// From so many samples on, for and against, the normal distribution serves.
constexpr int64_t kNormalSamples = 50;

// For intervals a name's own spread serves; for claims, where many names are looked at and the few
// that vary least by chance would stand out, it is moderated.
struct Estimate {
  double value = 0;
  double variance = 0;
  double degrees = kInfinite;
  double own_variance = 0;
  double own_degrees = kInfinite;
  Estimate Own() const { return {value, own_variance, own_degrees}; }
};

// Welch's; infinite where either both are or the finite one adds nothing.
double Degrees(const Estimate& a, const Estimate& b) {
  const double sum = a.variance + b.variance;
  const double rest = a.variance * a.variance / a.degrees + b.variance * b.variance / b.degrees;
  return rest > 0 ? sum * sum / rest : kInfinite;
}

Change ChangeBetween(const Estimate& moderated_a, const Estimate& moderated_b) {
  const Estimate a = moderated_a.Own(), b = moderated_b.Own();
  const double half = TwoSidedQuantile(0.05, Degrees(a, b)) * std::sqrt(a.variance + b.variance);
  const double change = b.value - a.value;
  return {a.value, b.value, {change - half, change + half}};
}

// True at those whose p, with all of them looked at, leaves a chance of kFalseClaim at most.
std::vector<bool> Holm(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<bool> rejected(p.size(), false);
  for (size_t i = 0; i < order.size(); ++i) {
    if (p[order[i]] > kFalseClaim / static_cast<double>(p.size() - i)) break;
    rejected[order[i]] = true;
  }
  return rejected;
}

}  // namespace

class SideEstimates {
 public:
  explicit SideEstimates(const DiffSide& side) : side_(side) {
    const double n = static_cast<double>(std::max<int64_t>(side.samples_, 1));
    seconds_a_sample_ = side.weight_ / n;
    share_noise_ = AverageNoise(&SideEstimates::ShareSpread, &SideEstimates::ShareCountVariance);
    cores_noise_ = AverageNoise(&SideEstimates::CoresSpread, &SideEstimates::CoresCountVariance);
  }

  Estimate Share(const DiffSide::Sum& sum) const {
    return Estimated(ShareOf(sum), ShareSpread(sum), ShareCountVariance(sum), share_noise_);
  }
  Estimate Cores(const DiffSide::Sum& sum) const {
    return Estimated(CoresOf(sum), CoresSpread(sum), CoresCountVariance(sum), cores_noise_);
  }
  Estimate TotalCores() const { return Cores(Total()); }
  DiffSide::Sum Total() const {
    // Its "by weight" is never looked at: the total has no share.
    DiffSide::Sum sum;
    sum.weight = side_.weight_;
    sum.samples = side_.samples_;
    sum.squares = side_.weight_squares_;
    sum.by_seconds = side_.total_by_seconds_;
    return sum;
  }

 private:
  double ShareOf(const DiffSide::Sum& sum) const {
    return side_.weight_ > 0 ? sum.weight / side_.weight_ : 0;
  }
  double CoresOf(const DiffSide::Sum& sum) const {
    return side_.seconds_ > 0 ? sum.weight / side_.seconds_ : 0;
  }

  // Of a ratio of sums over observations; negative with too few of them.
  double Spread(double residual_squares, double denominator) const {
    const double m = static_cast<double>(side_.observations_);
    if (m < 2 || denominator <= 0) return -1;
    return std::max(0.0, residual_squares) * m / (m - 1) / (denominator * denominator);
  }
  double ShareSpread(const DiffSide::Sum& sum) const {
    const double p = ShareOf(sum);
    return Spread(sum.squares - 2 * p * sum.by_weight + p * p * side_.weight_squares_,
                  side_.weight_);
  }
  double CoresSpread(const DiffSide::Sum& sum) const {
    const double c = CoresOf(sum);
    return Spread(sum.squares - 2 * c * sum.by_seconds + c * c * side_.second_squares_,
                  side_.seconds_);
  }

  // Binomial and Poisson; one more sample for and against (Agresti and Caffo 2000), so that none
  // seen is not taken for certainty.
  double ShareCountVariance(const DiffSide::Sum& sum) const {
    const double n = static_cast<double>(side_.samples_) + 2;
    const double p = std::min(1.0, (static_cast<double>(sum.samples) + 1) / n);
    return p * (1 - p) / n;
  }
  double CoresCountVariance(const DiffSide::Sum& sum) const {
    if (side_.seconds_ <= 0) return 0;
    const double one = seconds_a_sample_ / side_.seconds_;
    return (static_cast<double>(sum.samples) + 1) * one * one;
  }

  // How much more observations vary than independent samples would: the median over the names,
  // since what is nearly always there (main) varies by next to nothing in counts.
  template <typename F, typename G>
  double AverageNoise(F spread, G count_variance) const {
    std::vector<double> ratios;
    for (const DiffSide::Sum& s : side_.sums_) {
      if (s.samples < 5 * static_cast<int64_t>(side_.observations_)) continue;
      const double expected = (this->*count_variance)(s);
      const double seen = (this->*spread)(s);
      if (seen >= 0 && expected > 0) ratios.push_back(seen / expected);
    }
    if (ratios.empty()) return 1;
    const auto middle = ratios.begin() + static_cast<ptrdiff_t>(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    // The median of chi-squared by its degrees, after Wilson and Hilferty.
    const double degrees = std::max(1.0, static_cast<double>(side_.observations_) - 1);
    return std::max(1.0, *middle / std::pow(1 - 2 / (9 * degrees), 3));
  }

  Estimate Estimated(double value, double spread, double from_counts, double noise) const {
    Estimate estimate{value, from_counts, kInfinite, from_counts, kInfinite};
    if (spread < 0) return estimate;
    const double degrees = static_cast<double>(side_.observations()) - 1;
    const double moderated = (kPrior * noise * from_counts + degrees * spread) / (kPrior + degrees);
    if (moderated > from_counts) {
      estimate.variance = moderated;
      estimate.degrees = kPrior + degrees;
    }
    if (degrees < 2) {
      estimate.own_variance = estimate.variance;
      estimate.own_degrees = estimate.degrees;
    } else if (spread > from_counts) {
      estimate.own_variance = spread;
      estimate.own_degrees = degrees;
    }
    return estimate;
  }

  const DiffSide& side_;
  double seconds_a_sample_ = 0;
  double share_noise_ = 1;
  double cores_noise_ = 1;
};

namespace {

// Of equal values on both sides. `x` of `n` samples and `y` of `m`, where the estimates rest on
// counts alone; `part` is the chance that a sample of either side is of the first.
double PValue(const Estimate& a, const Estimate& b, int64_t x, int64_t y, double part,
              bool has_others) {
  const double variance = a.variance + b.variance;
  const double degrees = Degrees(a, b);
  const bool is_normal = std::min(x, y) >= kNormalSamples && has_others;
  if (std::isinf(degrees) && !is_normal && part > 0 && part < 1) return SplitP(x, y, part);
  return variance > 0 ? TwoSidedP((b.value - a.value) / std::sqrt(variance), degrees) : 1;
}

}  // namespace

Diff Compare(const DiffSide& before, const DiffSide& after) {
  const SideEstimates a(before), b(after);
  const DiffOptions& options = before.options();
  Diff diff{.options = options};
  const auto ratio = [](double x, double y) { return x + y > 0 ? x / (x + y) : 0.0; };
  const double part_of_samples =
      ratio(static_cast<double>(before.samples()), static_cast<double>(after.samples()));
  const double part_of_time = ratio(before.seconds(), after.seconds());

  diff.total_cores = ChangeBetween(a.TotalCores(), b.TotalCores());
  diff.is_total_beyond_noise = PValue(a.TotalCores(), b.TotalCores(), before.samples(),
                                      after.samples(), part_of_time, true) <= kFalseClaim;

  std::map<std::string, std::pair<const DiffSide::Sum*, const DiffSide::Sum*>> names;
  for (const auto& [key, id] : before.names()) {
    names[key].first = &before.sum(id);
  }
  for (const auto& [key, id] : after.names()) {
    names[key].second = &after.sum(id);
  }
  const DiffSide::Sum none;
  std::vector<double> p;
  std::vector<size_t> tested;
  for (const auto& [key, sums] : names) {
    const DiffSide::Sum& x = sums.first != nullptr ? *sums.first : none;
    const DiffSide::Sum& y = sums.second != nullptr ? *sums.second : none;
    if (x.samples == 0 && y.samples == 0) continue;
    const DiffSide::Sum& shown = sums.second != nullptr && y.samples > 0 ? y : x;
    DiffRow row{.name = shown.name, .where = shown.where, .frame_class = shown.frame_class};
    row.samples_before = x.samples;
    row.samples_after = y.samples;
    row.share = ChangeBetween(a.Share(x), b.Share(y));
    row.cores = ChangeBetween(a.Cores(x), b.Cores(y));
    const bool has_others = before.samples() - x.samples >= kNormalSamples &&
                            after.samples() - y.samples >= kNormalSamples;
    row.p = options.metric == DiffMetric::kShare
                ? PValue(a.Share(x), b.Share(y), x.samples, y.samples, part_of_samples, has_others)
                : PValue(a.Cores(x), b.Cores(y), x.samples, y.samples, part_of_time, true);
    if (x.samples + y.samples >= kEnoughSamples) {
      p.push_back(row.p);
      tested.push_back(diff.rows.size());
    }
    diff.rows.push_back(std::move(row));
  }
  diff.tested = tested.size();
  const std::vector<bool> rejected = Holm(p);
  for (size_t i = 0; i < tested.size(); ++i) {
    DiffRow& row = diff.rows[tested[i]];
    const Interval& interval = diff.ChangeOf(row).interval;
    row.is_beyond_noise = rejected[i] && (interval.low > 0 || interval.high < 0);
  }
  std::stable_sort(diff.rows.begin(), diff.rows.end(), [&](const DiffRow& x, const DiffRow& y) {
    return std::abs(diff.ChangeOf(x).change()) > std::abs(diff.ChangeOf(y).change());
  });
  return diff;
}

}  // namespace profd
