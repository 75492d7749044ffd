// Why there is nothing to show, and what to do about it.
#ifndef PROFD_USERSPACE_RECORD_EMPTY_RECORDING_H_
#define PROFD_USERSPACE_RECORD_EMPTY_RECORDING_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "userspace/sampling/sampler.h"

namespace profd {

// None of these processes runs an interpreter that can be read.
std::string WhyNotPython(const Sampler& sampler, const std::vector<pid_t>& pids);

// No sample in this window.
std::string WhyEmpty(const Sampler& sampler, const FinishedWindow& window,
                     const std::vector<pid_t>& pids, bool is_command, double rate_hz);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_EMPTY_RECORDING_H_
