// Settings of the agent: read once, validated, then passed down.
#ifndef PROFD_USERSPACE_AGENT_CONFIG_H_
#define PROFD_USERSPACE_AGENT_CONFIG_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace profd {

struct Config {
  bool all_python = false;
  std::vector<pid_t> pids;
  std::string comm;                             // regular expression; empty: none
  absl::Duration interval = absl::Seconds(10);  // one file each
  double rate_hz = 99;                          // samples a second on each CPU
  absl::Duration duration = absl::InfiniteDuration();
  std::string output = "profiles";
  std::string host;  // folder below `output`; empty: the host name
  std::string log_level = "info";
  absl::Duration keep = absl::Hours(24);
  uint64_t max_size_bytes = uint64_t{2} << 30;
  std::string socket = "/run/profd/profd.sock";
};

// The value of one setting, by the name of its flag without dashes ("max-size"). kNotFound: no
// such setting; the message names the nearest one. kInvalidArgument: a value that makes no sense.
absl::Status SetOption(Config* config, absl::string_view name, absl::string_view value);
// All names that SetOption knows.
std::vector<std::string> OptionNames();

// Reads a YAML file of the same names as the flags; unknown and repeated keys are errors
// that name file and line.
absl::Status LoadConfigFile(const std::string& path, Config* config);

// Forgets which processes were asked for.
void ClearSelection(Config* config);

// Settings that contradict each other.
absl::Status Validate(const Config& config);

}  // namespace profd

#endif  // PROFD_USERSPACE_AGENT_CONFIG_H_
