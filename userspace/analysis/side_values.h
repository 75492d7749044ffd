// One side's values of a metric, and how they vary between its observations.
#ifndef PROFD_USERSPACE_ANALYSIS_SIDE_VALUES_H_
#define PROFD_USERSPACE_ANALYSIS_SIDE_VALUES_H_

#include <cstdint>

#include "userspace/analysis/diff.h"
#include "userspace/analysis/noise.h"

namespace profd {

struct SideValue {
  double value = 0;
  // The logit of a share, the logarithm of cores; `slope`: of the value by it.
  double level = 0, slope = 0;
  SpreadTerm term;  // of the value; of the level: divided by slope²
  int64_t samples = 0;
  bool is_telling = false;  // samples enough, for and against, to learn the noise from
};

class SideValues {
 public:
  SideValues(const DiffSide& side, DiffMetric metric);

  SideValue Of(const DiffSide::Sum& sum) const;
  SideValue OfTotal() const;
  double degrees() const { return degrees_; }

  // 0: too many observations to have kept them.
  size_t kept() const;
  // Adds each name's deviations, in predicted standard deviations, to the names' vectors. `ids`:
  // this side's number of a name, or kAbsent.
  static constexpr uint32_t kAbsent = ~uint32_t{0};
  void AppendDeviations(absl::Span<const uint32_t> ids, const NoiseTrend& trend,
                        Residuals* residuals) const;

 private:
  double Spread(const DiffSide::Sum& sum, double value) const;

  const DiffSide& side_;
  const bool is_share_;
  double denominator_ = 0;  // of values: the side's weight, or its seconds
  double squares_ = 0;      // of the observations' denominators, over denominator_ squared
  double degrees_ = 0;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_SIDE_VALUES_H_
