// What can be said from samples, and how surely.
#ifndef PROFD_USERSPACE_ANALYSIS_STATISTICS_H_
#define PROFD_USERSPACE_ANALYSIS_STATISTICS_H_

#include <cstdint>

namespace profd {

struct Interval {
  double low = 0;
  double high = 0;
};

// Of a share of which `samples` of `total` independent samples were seen: 95%, Wilson's.
Interval ShareInterval(int64_t samples, int64_t total);

// I_x(a, b), the regularized incomplete beta function; a, b > 0.
double IncompleteBeta(double a, double b, double x);

// P(|T| > |t|) of Student's distribution; infinite `degrees`: the normal one.
double TwoSidedP(double t, double degrees);
// The t that |T| exceeds with probability `p`.
double TwoSidedQuantile(double p, double degrees);

// Of `x` and `y` events where the chance that an event falls to x is `share_of_x`: the exact
// probability of a split at least as uneven, twice the smaller tail.
double SplitP(int64_t x, int64_t y, double share_of_x);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_STATISTICS_H_
