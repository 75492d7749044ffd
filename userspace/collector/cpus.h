#ifndef PROFD_USERSPACE_COLLECTOR_CPUS_H_
#define PROFD_USERSPACE_COLLECTOR_CPUS_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace profd {

// CPUs that are online now, ascending; never empty.
std::vector<int> OnlineCpus();
// The kernel's list format: "0-3,8". Exposed for tests.
std::vector<int> ParseCpuList(absl::string_view text);

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_CPUS_H_
