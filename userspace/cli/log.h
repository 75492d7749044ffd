#ifndef PROFD_USERSPACE_CLI_LOG_H_
#define PROFD_USERSPACE_CLI_LOG_H_

#include <string>

namespace profd {

// Lines of key=value to stderr, from this level on: trace, debug, info, warn, error, off.
void StartLog(const std::string& level);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_LOG_H_
