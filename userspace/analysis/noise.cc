#include "userspace/analysis/noise.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace profd {
namespace {

constexpr std::array<double, 6> kPriors = {2, 4, 8, 16, 32, 1e6};
// How far below the greatest log likelihood still fits: about one and a half standard errors.
constexpr double kStillFits = 1;
// Some names vary more than others, and of one change a name nothing tells which: the tails that
// are assumed, and the variance that Student's distribution with so many degrees fits best to
// normal values of variance 1: the root s of E[9 z² / (8 s + z²)] = 1.
constexpr double kTailDegrees = 8;
constexpr double kTailScale = 0.8116;
// Two runs of the same program differ by some 3% of each name, squared.
constexpr double kLeastWander = 1e-3;

// Of a name's spreads, up to what does not depend on the trend.
double LogLikelihood(absl::Span<const SpreadTerm> terms, const NoiseTrend& trend) {
  double sum = 0, degrees = 0, logs = 0;
  for (const SpreadTerm& term : terms) {
    if (term.degrees <= 0) continue;
    const double expected = trend.Of(term);
    sum += term.degrees * term.spread / expected;
    logs += term.degrees * std::log(expected);
    degrees += term.degrees;
  }
  const double prior = trend.degrees;
  // Written so that the limit of many degrees needs no case of its own.
  return -logs / 2 - (degrees + prior) / 2 * std::log1p(sum / prior) +
         std::lgamma((degrees + prior) / 2) - std::lgamma(prior / 2) -
         degrees / 2 * std::log(prior);
}

template <typename Names>
double Total(const Names& names, const NoiseTrend& trend) {
  double total = 0;
  for (const auto& name : names) total += LogLikelihood(name, trend);
  return total;
}

// Coarse over both, then finer around the best.
template <typename Names>
NoiseTrend FitTrend(const Names& names, double degrees, double* likelihood) {
  NoiseTrend best{.degrees = degrees};
  *likelihood = Total(names, best);
  const auto consider = [&](double bursts, double wander) {
    const NoiseTrend trend{bursts, wander, degrees};
    const double now = Total(names, trend);
    if (now <= *likelihood) return;
    *likelihood = now;
    best = trend;
  };
  for (double bursts = 1; bursts < 1000; bursts *= 2) {
    consider(bursts, 0);
    for (double wander = 1e-4; wander < 10; wander *= 4) consider(bursts, wander);
  }
  for (double step = 1.5; step > 1.02; step = std::sqrt(step)) {
    const NoiseTrend middle = best;
    for (const double x : {1 / step, 1.0, step}) {
      for (const double y : {1 / step, 1.0, step}) {
        consider(std::max(1.0, middle.bursts * x), middle.wander * y);
      }
    }
  }
  return best;
}

}  // namespace

NoiseTrend FitNoise(absl::Span<const NameSpread> names) {
  std::array<NoiseTrend, kPriors.size()> trends;
  std::array<double, kPriors.size()> likelihoods = {};
  for (size_t i = 0; i < kPriors.size(); ++i) {
    trends[i] = FitTrend(names, kPriors[i], &likelihoods[i]);
  }
  const double most = *std::max_element(likelihoods.begin(), likelihoods.end());
  size_t at = 0;
  while (likelihoods[at] < most - kStillFits) ++at;
  return trends[at];
}

NoiseTrend FitNoiseRobustly(absl::Span<const SpreadTerm> names) {
  std::vector<std::array<SpreadTerm, 1>> scaled;
  for (SpreadTerm term : names) {
    term.spread /= kTailScale;
    scaled.push_back({term});
  }
  double likelihood = 0;
  NoiseTrend trend = FitTrend(scaled, kTailDegrees, &likelihood);
  trend.is_least = trend.wander <= kLeastWander;
  trend.wander = std::max(trend.wander, kLeastWander);
  return trend;
}

double TrimmedVariance(std::vector<double> squares) {
  // The mean of z² below the 80th percentile of chi-squared with one degree.
  constexpr double kMeanOfMiddle = 0.4377;
  if (squares.empty()) return 1;
  const size_t keep = (squares.size() * 4 + 4) / 5;
  std::nth_element(squares.begin(), squares.begin() + static_cast<ptrdiff_t>(keep - 1),
                   squares.end());
  const double sum =
      std::accumulate(squares.begin(), squares.begin() + static_cast<ptrdiff_t>(keep), 0.0);
  return sum / static_cast<double>(keep) / kMeanOfMiddle;
}

double IndependentNames(const Residuals& residuals, double degrees) {
  const double names = static_cast<double>(residuals.size());
  if (names < 2 || degrees <= 1) return 1;
  // The sum of squared correlations over all pairs is the squared norm of the sum of products.
  const size_t m = residuals[0].size();
  double norm = 0;
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < m; ++j) {
      double product = 0;
      for (const auto& r : residuals) product += r[i] * r[j];
      norm += product * product;
    }
  }
  const double seen = (norm - names) / (names * (names - 1));
  // Independent names show squared correlations of 1 / degrees.
  const double correlation = std::clamp((seen - 1 / degrees) / (1 - 1 / degrees), 0.0, 1.0);
  return 1 / (correlation + (1 - correlation) / names);
}

double NeighbourInflation(const Residuals& residuals, size_t begin, size_t end,
                          double independent_names) {
  constexpr size_t kFewest = 6;  // observations
  constexpr double kGreatest = 0.8;
  if (end - begin < kFewest) return 1;
  double products = 0, squares = 0;
  for (const auto& r : residuals) {
    for (size_t i = begin; i < end; ++i) {
      squares += r[i] * r[i];
      if (i + 1 < end) products += r[i] * r[i + 1];
    }
  }
  if (squares <= 0) return 1;
  const double m = static_cast<double>(end - begin);
  // Residuals from a mean are correlated by -1 / m where nothing else correlates them; to first
  // order the bias of the estimate is -(1 + 4 r) / m (Kendall 1954).
  const double raw = (m * products / squares + 1) / (m - 4);
  if (raw <= 0) return 1;
  // Less what chance alone would show (a positive part James-Stein estimate).
  const double chance = m / ((m - 4) * (m - 4) * independent_names);
  const double correlation = std::clamp(raw - chance / raw, 0.0, kGreatest);
  return (1 + correlation) / (1 - correlation);
}

}  // namespace profd
