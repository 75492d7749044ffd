// The two ways of `profd top`: on a screen, and one table to standard output.
#ifndef PROFD_USERSPACE_CLI_TOP_RUN_H_
#define PROFD_USERSPACE_CLI_TOP_RUN_H_

#include "userspace/cli/top_session.h"

namespace profd {

// Both return the exit code: the command's own where there is one. Before other threads exist.
int RunTopOnScreen(const TopOptions& options);
int RunTopOnce(const TopOptions& options);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_TOP_RUN_H_
