// The flags that record and top share: which processes are sampled, and how.
#ifndef PROFD_USERSPACE_CLI_PROCESS_FLAGS_H_
#define PROFD_USERSPACE_CLI_PROCESS_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/record/targets.h"

namespace CLI {
class App;
}

namespace profd {

struct ProcessFlags {
  std::vector<std::string> pids;
  std::string comm;
  bool all_python = false;
  bool children = false;
  std::string rate;
  bool idle = false;
  bool gil = false;
  bool native = false;
  bool nonblocking = false;            // of py-spy: always so
  std::vector<std::string> misplaced;  // a command without --
};

// `flags` outlives the parsing.
void AddProcessFlags(CLI::App* app, ProcessFlags* flags);

// `command`: what stood behind "--". Where nothing was chosen, that is an error, or all processes
// of Python when `all_by_default`. kInvalidArgument: messages are for users.
absl::StatusOr<SamplingOptions> ParseProcessFlags(const ProcessFlags& flags,
                                                  const std::vector<std::string>& command,
                                                  bool all_by_default);

// kInvalidArgument: "--flag: what is wrong".
absl::Status Refuse(absl::string_view flag, const absl::Status& why);

// What --native shows.
extern const char kNativeNote[];

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_PROCESS_FLAGS_H_
