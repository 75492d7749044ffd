#ifndef PROFD_USERSPACE_CLI_INTERACTIVE_H_
#define PROFD_USERSPACE_CLI_INTERACTIVE_H_

#include <optional>

#include "userspace/analysis/measure.h"
#include "userspace/profile/recording.h"

namespace profd {

// Takes the terminal until the user has seen enough; returns the exit code. Without a measure: what
// was recorded.
int ExploreInteractively(Recording recording, std::optional<Measure> measure);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_INTERACTIVE_H_
