#include "userspace/agent/config.h"

#include <fcntl.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/collector/selection.h"
#include "userspace/text/nearest.h"

namespace profd {
namespace {

constexpr double kMinRateHz = 1;
constexpr double kMaxRateHz = 20000;
constexpr size_t kMaxPids = 65536;
constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status Bad(absl::string_view what, absl::string_view text, absl::string_view example) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a ", what, " (for example ", example, ")"));
}

template <typename T>
absl::Status Store(absl::StatusOr<T> value, T* to) {
  if (!value.ok()) return value.status();
  *to = *std::move(value);
  return absl::OkStatus();
}

absl::Status StoreLogLevel(absl::string_view value, std::string* to) {
  for (absl::string_view level : {"trace", "debug", "info", "warn", "error", "off"}) {
    if (value == level) {
      *to = std::string(value);
      return absl::OkStatus();
    }
  }
  return Bad("log level", value, "trace, debug, info, warn, error, off");
}

absl::Status StoreBool(absl::string_view value, bool* to) {
  if (absl::SimpleAtob(value, to)) return absl::OkStatus();
  return Bad("yes or no", value, "true");
}

absl::Status StorePositive(absl::StatusOr<absl::Duration> value, absl::Duration* to) {
  if (value.ok() && *value <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("must be longer than 0");
  }
  return Store(std::move(value), to);
}

using Setter = std::function<absl::Status(Config*, absl::string_view)>;

const std::vector<std::pair<std::string, Setter>>& Setters() {
  static const auto* setters = new std::vector<std::pair<std::string, Setter>>{
      {"all-python", [](Config* c, absl::string_view v) { return StoreBool(v, &c->all_python); }},
      {"pid", [](Config* c, absl::string_view v) { return Store(ParsePids(v), &c->pids); }},
      {"comm",
       [](Config* c, absl::string_view v) {
         c->comm = std::string(v);
         return absl::OkStatus();
       }},
      {"interval",
       [](Config* c, absl::string_view v) {
         return StorePositive(ParseDuration(v), &c->interval);
       }},
      {"rate", [](Config* c, absl::string_view v) { return Store(ParseRate(v), &c->rate_hz); }},
      {"duration",
       [](Config* c, absl::string_view v) {
         return StorePositive(ParseDuration(v), &c->duration);
       }},
      {"output",
       [](Config* c, absl::string_view v) {
         c->output = std::string(v);
         return v.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
       }},
      {"host",
       [](Config* c, absl::string_view v) {
         c->host = std::string(v);
         return absl::OkStatus();
       }},
      {"log-level", [](Config* c, absl::string_view v) { return StoreLogLevel(v, &c->log_level); }},
      {"keep",
       [](Config* c, absl::string_view v) { return StorePositive(ParseDuration(v), &c->keep); }},
      {"max-size",
       [](Config* c, absl::string_view v) { return Store(ParseSize(v), &c->max_size_bytes); }},
      {"socket",
       [](Config* c, absl::string_view v) {
         c->socket = std::string(v);
         return absl::OkStatus();
       }},
  };
  return *setters;
}

// A number and its unit: "1.5khz" → 1.5, "khz" (lower case).
bool SplitUnit(absl::string_view text, double* number, std::string* unit) {
  const size_t end = text.find_first_not_of("0123456789.");
  *unit = end == absl::string_view::npos ? "" : absl::AsciiStrToLower(text.substr(end));
  return absl::SimpleAtod(text.substr(0, end), number) && std::isfinite(*number);
}

// A FIFO is read as well: `--config <(generate)`.
absl::StatusOr<std::string> ReadSettings(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  ssize_t got = file.valid() ? 1 : -1;
  char buffer[4096];
  while (got > 0 && text.size() <= kMaxFileBytes) {
    got = read(file.get(), buffer, sizeof(buffer));
    if (got > 0) text.append(buffer, got);
  }
  if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  if (got > 0) return absl::InvalidArgumentError(absl::StrCat(path, ": larger than 1 MiB"));
  return text;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  double seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    duration = absl::Seconds(seconds);
  } else if (absl::EndsWith(text, "d") &&
             absl::SimpleAtod(absl::StripSuffix(text, "d"), &seconds) && std::isfinite(seconds)) {
    duration = absl::Hours(24) * seconds;
  } else if (!absl::ParseDuration(text, &duration)) {
    return Bad("duration", text, "10s, 1m30s, 500ms");
  }
  if (duration < absl::ZeroDuration()) return Bad("duration", text, "10s, 1m30s, 500ms");
  return duration;
}

absl::StatusOr<double> ParseRate(absl::string_view text) {
  double number = 0;
  std::string unit;
  if (!SplitUnit(text, &number, &unit)) return Bad("rate", text, "99, 1khz");
  if (unit == "khz") {
    number *= 1000;
  } else if (unit != "hz" && !unit.empty()) {
    return Bad("rate", text, "99, 1khz");
  }
  if (number < kMinRateHz || number > kMaxRateHz) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is outside of 1hz to 20khz"));
  }
  return number;
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  static constexpr std::pair<absl::string_view, double> kUnits[] = {
      {"", 1},
      {"b", 1},
      {"kb", 1e3},
      {"mb", 1e6},
      {"gb", 1e9},
      {"tb", 1e12},
      {"k", 1024},
      {"m", 1048576},
      {"g", 1 << 30},
      {"kib", 1024},
      {"mib", 1048576},
      {"gib", 1 << 30},
      {"tib", 1099511627776.0},
  };
  double number = 0;
  std::string unit;
  if (!SplitUnit(text, &number, &unit)) return Bad("size", text, "64MiB, 2GiB");
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    const double bytes = number * factor;
    if (bytes < 1 || bytes > 1e18) break;
    return static_cast<uint64_t>(bytes);
  }
  return Bad("size", text, "64MiB, 2GiB");
}

absl::StatusOr<std::vector<pid_t>> ParsePids(absl::string_view text) {
  std::vector<pid_t> pids;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(part, &pid) || pid <= 0 || pids.size() >= kMaxPids) {
      return Bad("list of process IDs", text, "4242 or 4242,4243");
    }
    pids.push_back(pid);
  }
  return pids;
}

std::vector<std::string> OptionNames() {
  std::vector<std::string> names;
  for (const auto& [name, setter] : Setters()) names.push_back(name);
  return names;
}

absl::Status SetOption(Config* config, absl::string_view name, absl::string_view value) {
  for (const auto& [known, setter] : Setters()) {
    if (known != name) continue;
    absl::Status status = setter(config, value);
    if (status.ok()) return status;
    return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  }
  const std::string nearest = Nearest(name, OptionNames());
  return absl::NotFoundError(absl::StrCat("unknown setting \"", name, "\"",
                                          nearest.empty() ? "" : ", did you mean \"", nearest,
                                          nearest.empty() ? "" : "\"?"));
}

absl::Status LoadConfigFile(const std::string& path, Config* config) {
  auto text = ReadSettings(path);
  if (!text.ok()) return text.status();
  std::map<std::string, int> lines;  // of the settings so far
  try {
    const YAML::Node root = YAML::Load(*text);
    if (root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be a map of settings"));
    }
    for (const auto& entry : root) {
      const int line = entry.first.Mark().line + 1;
      const std::string where = absl::StrCat(path, ":", line, ": ");
      const std::string name = entry.first.as<std::string>();
      if (auto [first, is_new] = lines.emplace(name, line); !is_new) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, name, ": already given in line ", first->second));
      }
      std::string value;
      if (entry.second.IsSequence()) {
        value = absl::StrJoin(entry.second.as<std::vector<std::string>>(), ",");
      } else if (entry.second.IsScalar()) {
        value = entry.second.as<std::string>();
      } else {
        return absl::InvalidArgumentError(absl::StrCat(where, name, ": must be a value"));
      }
      absl::Status status = SetOption(config, name, value);
      if (!status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(where, status.message()));
      }
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
  return absl::OkStatus();
}

void ClearSelection(Config* config) {
  config->all_python = false;
  config->pids.clear();
  config->comm.clear();
}

absl::Status Validate(const Config& config) {
  const int ways = config.all_python + !config.pids.empty() + !config.comm.empty();
  if (ways == 0) {
    return absl::InvalidArgumentError(
        "which processes? Give --all-python, --pid N or --comm REGEX");
  }
  if (ways > 1) {
    return absl::InvalidArgumentError("give only one of --all-python, --pid and --comm");
  }
  if (auto selection = Selection::CommPattern(config.comm); !selection.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("comm: ", selection.status().message()));
  }
  if (config.interval < absl::Milliseconds(100)) {
    return absl::InvalidArgumentError("interval: must be at least 100ms");
  }
  return absl::OkStatus();
}

}  // namespace profd
