// The agent: samples, and writes one profile an interval, until it is told to stop.
#ifndef PROFD_USERSPACE_AGENT_AGENT_H_
#define PROFD_USERSPACE_AGENT_AGENT_H_

#include "absl/status/status.h"
#include "userspace/agent/config.h"

namespace profd {

// Runs until SIGINT, SIGTERM, SIGHUP or the configured duration, then writes the last window. Call
// it before any other thread exists: it blocks these signals for all threads to come.
absl::Status RunAgent(const Config& config);

}  // namespace profd

#endif  // PROFD_USERSPACE_AGENT_AGENT_H_
