#include "userspace/text/quantities.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace profd {
namespace {

constexpr double kMinRateHz = 1;
constexpr double kMaxRateHz = 20000;
constexpr size_t kMaxPids = 65536;

// A number and its unit: "1.5khz" → 1.5, "khz" (lower case).
bool SplitUnit(absl::string_view text, double* number, std::string* unit) {
  const size_t end = text.find_first_not_of("0123456789.");
  *unit = end == absl::string_view::npos ? "" : absl::AsciiStrToLower(text.substr(end));
  return absl::SimpleAtod(text.substr(0, end), number) && std::isfinite(*number);
}

}  // namespace

absl::Status NotA(absl::string_view what, absl::string_view text, absl::string_view example) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a ", what, " (for example ", example, ")"));
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  double seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    duration = absl::Seconds(seconds);
  } else if (absl::EndsWith(text, "d") &&
             absl::SimpleAtod(absl::StripSuffix(text, "d"), &seconds) && std::isfinite(seconds)) {
    duration = absl::Hours(24) * seconds;
  } else if (!absl::ParseDuration(text, &duration)) {
    return NotA("duration", text, "10s, 1m30s, 500ms");
  }
  if (duration < absl::ZeroDuration()) return NotA("duration", text, "10s, 1m30s, 500ms");
  return duration;
}

absl::StatusOr<double> ParseRate(absl::string_view text) {
  double number = 0;
  std::string unit;
  if (!SplitUnit(text, &number, &unit)) return NotA("rate", text, "99, 1khz");
  if (unit == "khz") {
    number *= 1000;
  } else if (unit != "hz" && !unit.empty()) {
    return NotA("rate", text, "99, 1khz");
  }
  if (number < kMinRateHz || number > kMaxRateHz) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is outside of 1hz to 20khz"));
  }
  return number;
}

uint64_t PeriodNs(double rate_hz) { return static_cast<uint64_t>(std::llround(1e9 / rate_hz)); }

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  static constexpr std::pair<absl::string_view, double> kUnits[] = {
      {"", 1},          {"b", 1},
      {"kb", 1e3},      {"mb", 1e6},
      {"gb", 1e9},      {"tb", 1e12},
      {"k", 1024},      {"m", 1048576},
      {"g", 1 << 30},   {"t", 1099511627776.0},
      {"kib", 1024},    {"mib", 1048576},
      {"gib", 1 << 30}, {"tib", 1099511627776.0},
  };
  double number = 0;
  std::string unit;
  if (!SplitUnit(text, &number, &unit)) return NotA("size", text, "64MiB, 2GiB");
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    const double bytes = number * factor;
    if (bytes < 1 || bytes > 1e18) break;
    return static_cast<uint64_t>(bytes);
  }
  return NotA("size", text, "64MiB, 2GiB");
}

absl::StatusOr<std::vector<pid_t>> ParsePids(absl::string_view text) {
  std::vector<pid_t> pids;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    pid_t pid = 0;
    const bool hexadecimal = absl::StartsWith(part, "0x");
    if (!(hexadecimal ? absl::SimpleHexAtoi(part, &pid) : absl::SimpleAtoi(part, &pid)) ||
        pid <= 0 || pids.size() >= kMaxPids) {
      return NotA("list of process IDs", text, "4242 or 4242,4243");
    }
    pids.push_back(pid);
  }
  return pids;
}

}  // namespace profd
