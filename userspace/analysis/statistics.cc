#include "userspace/analysis/statistics.h"

#include <algorithm>
#include <cmath>

namespace profd {
namespace {

// By Lentz's method; Numerical Recipes, "Incomplete beta function".
double BetaFraction(double a, double b, double x) {
  constexpr int kMaxSteps = 10'000;
  constexpr double kTiny = 1e-300;
  const auto not_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMaxSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-12) break;
  }
  return result;
}

}  // namespace

Interval ShareInterval(int64_t samples, int64_t total) {
  if (total <= 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;
  const double n = static_cast<double>(total);
  const double p = std::clamp(static_cast<double>(samples) / n, 0.0, 1.0);
  const double middle = p + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {samples <= 0 ? 0 : std::max(0.0, (middle - half) / scale),
          samples >= total ? 1 : std::min(1.0, (middle + half) / scale)};
}

double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double TwoSidedP(double t, double degrees) {
  if (std::isnan(t)) return 1;
  if (std::isinf(t)) return 0;
  if (degrees > 1e6) return std::erfc(std::abs(t) / std::sqrt(2.0));
  return IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double TwoSidedQuantile(double p, double degrees) {
  double low = 0, high = 1;
  while (TwoSidedP(high, degrees) > p && high < 1e12) high *= 2;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (TwoSidedP(middle, degrees) > p ? low : high) = middle;
  }
  return high;
}

double SplitP(int64_t x, int64_t y, double share_of_x) {
  const double n = static_cast<double>(x + y);
  // P(X >= x) = I_p(x, n - x + 1); Abramowitz and Stegun 26.5.24.
  const double at_least =
      x == 0 ? 1
             : IncompleteBeta(static_cast<double>(x), n - static_cast<double>(x) + 1, share_of_x);
  const double at_most = y == 0 ? 1
                                : IncompleteBeta(static_cast<double>(y),
                                                 n - static_cast<double>(y) + 1, 1 - share_of_x);
  return std::min(1.0, 2 * std::min(at_least, at_most));
}

}  // namespace profd
