#include "userspace/cli/numbers.h"

#include "absl/strings/str_format.h"
#include "userspace/text/count_text.h"

namespace profd {

std::string ShareText(double share) {
  const double percent = share * 100;
  return absl::StrFormat("%.*f%%", percent >= 9.995 || percent == 0 ? 1 : 2, percent);
}

std::string SecondsText(double seconds) {
  if (seconds >= 3600 * 9.995) return absl::StrFormat("%.1fh", seconds / 3600);
  if (seconds >= 999.5) return absl::StrFormat("%.0fs", seconds);
  if (seconds >= 9.995) return absl::StrFormat("%.1fs", seconds);
  if (seconds >= 0.0995 || seconds == 0) return absl::StrFormat("%.2fs", seconds);
  return absl::StrFormat("%.1fms", seconds * 1000);
}

std::string CoresText(double cores) {
  const int digits = cores >= 9.995 ? 1 : cores >= 0.0995 || cores == 0 ? 2 : 3;
  return absl::StrFormat("%.*f", digits, cores);
}

std::string WeightText(int64_t weight, Measure measure) {
  return measure == Measure::kSamples ? CountText(weight)
                                      : SecondsText(static_cast<double>(weight) / 1e9);
}

std::string SignedText(double value, int digits) {
  const std::string text = absl::StrFormat("%+.*f", digits, value);
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero ? text.substr(1) : text;
}

}  // namespace profd
