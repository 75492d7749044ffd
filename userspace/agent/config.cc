#include "userspace/agent/config.h"

#include <fcntl.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/collector/selection.h"
#include "userspace/text/nearest.h"
#include "userspace/text/quantities.h"

namespace profd {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

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
  return NotA("log level", value, "trace, debug, info, warn, error, off");
}

absl::Status StoreBool(absl::string_view value, bool* to) {
  if (absl::SimpleAtob(value, to)) return absl::OkStatus();
  return NotA("yes or no", value, "true");
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
      if (entry.second.IsSequence() && name == "pid") {
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
