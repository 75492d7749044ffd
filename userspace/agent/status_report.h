// What `profd status` shows of a running agent.
#ifndef PROFD_USERSPACE_AGENT_STATUS_REPORT_H_
#define PROFD_USERSPACE_AGENT_STATUS_REPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "userspace/agent/config.h"
#include "userspace/agent/profile_writer.h"
#include "userspace/collector/accounting.h"
#include "userspace/collector/images.h"

namespace profd {

struct StatusInputs {
  absl::Time as_of;
  absl::Duration uptime;
  const Config* config = nullptr;
  Accounting totals;
  ProfileWriter::Stats writer;
  std::vector<Images::Unsupported> unsupported;
  size_t interpreters = 0;
  size_t processes = 0;
  std::string kernel_features;
};

std::string StatusJson(const StatusInputs& inputs);
// The same for people; from the JSON, as the command has it from the socket. Says how old it is
// when that is much at the time `now`.
absl::StatusOr<std::string> StatusText(absl::string_view json, absl::Time now);

}  // namespace profd

#endif  // PROFD_USERSPACE_AGENT_STATUS_REPORT_H_
