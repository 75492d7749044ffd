// Why the kernel will not let us, in words that tell the user what to do.
#ifndef PROFD_USERSPACE_COLLECTOR_PRIVILEGE_H_
#define PROFD_USERSPACE_COLLECTOR_PRIVILEGE_H_

#include "absl/status/status.h"

namespace profd {

// kPermissionDenied names the missing capability or the lockdown; kUnimplemented the missing
// kernel feature. Messages are one line, followed by a line "hint: …" where something can be done.
absl::Status CheckPrivilege();

// The same for a failed load of the BPF programs.
absl::Status ExplainLoadFailure(int error);

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_PRIVILEGE_H_
