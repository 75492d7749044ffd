#include "userspace/views/numbers.h"

#include "absl/strings/str_format.h"

namespace profd {

std::string ShareCell(int64_t part, int64_t whole) {
  const double share = whole > 0 ? 100.0 * static_cast<double>(part) / whole : 0;
  return absl::StrFormat("%.1f%%", share);
}

std::string SecondsCell(int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  if (seconds < 999.995) return absl::StrFormat("%.2fs", seconds);
  if (seconds < 99999.5) return absl::StrFormat("%.0fs", seconds);
  const double hours = seconds / 3600;
  return hours < 99999.5 ? absl::StrFormat("%.1fh", hours) : absl::StrFormat("%.1eh", hours);
}

}  // namespace profd
