// How much shares vary by themselves, learnt from many names at once: of two or four files no name
// alone shows its noise, of all names together they do.
#ifndef PROFD_USERSPACE_ANALYSIS_NOISE_H_
#define PROFD_USERSPACE_ANALYSIS_NOISE_H_

#include <array>
#include <limits>
#include <vector>

#include "absl/types/span.h"

namespace profd {

inline constexpr double kInfinite = std::numeric_limits<double>::infinity();

// A sample variance of one name's value, and what it would be from either source of noise alone.
struct SpreadTerm {
  double spread = 0;
  double degrees = 0;  // 0: nothing seen
  double counts = 0;   // as if samples were independent
  double wander = 0;   // as if the value's logarithm varied by 1 from file to file
};

// Each name's variance is tau * (bursts * counts + wander * term.wander), where 1 / tau is
// chi-squared with `degrees` degrees, divided by these: limma's model (Smyth 2004) around a trend.
struct NoiseTrend {
  double bursts = 1;  // samples that come in bursts, or phases shorter than a file: 1 or more
  double wander = 0;  // squared
  double degrees = kInfinite;
  bool is_least = false;  // no more wander is seen than is taken for granted
  double Of(const SpreadTerm& term) const { return bursts * term.counts + wander * term.wander; }
};

// By maximum likelihood; the least degrees that fit nearly as well, since too many would claim.
using NameSpread = std::array<SpreadTerm, 2>;  // of either side
NoiseTrend FitNoise(absl::Span<const NameSpread> names);

// From one value a name, of which some are no noise but changes: only the middle of the
// distribution counts. The trend's degrees are those of the tails that were assumed.
NoiseTrend FitNoiseRobustly(absl::Span<const SpreadTerm> names);

// Of values that are normal with variance 1 but for a fifth that may be anything: their variance.
double TrimmedVariance(std::vector<double> squares);

// Residuals: a unit vector for each name, one element an observation. Names that go together tell
// less than as many independent ones.
using Residuals = std::vector<std::vector<double>>;
// The number of independent names that would tell as much of an average variance; 1 or more.
double IndependentNames(const Residuals& residuals, double degrees);
// By how much the variance of a mean exceeds what the spread says, where neighbours in time are
// alike (autoregression of first order); 1 or more. `begin`, `end`: one side's elements.
double NeighbourInflation(const Residuals& residuals, size_t begin, size_t end,
                          double independent_names);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_NOISE_H_
