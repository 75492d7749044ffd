#ifndef PROFD_USERSPACE_EXPORT_WRITE_ALL_H_
#define PROFD_USERSPACE_EXPORT_WRITE_ALL_H_

#include "absl/strings/string_view.h"

namespace profd {

// Writes all of `data` to a descriptor that blocks. 0 or an errno.
int WriteAll(int fd, absl::string_view data);

}  // namespace profd

#endif  // PROFD_USERSPACE_EXPORT_WRITE_ALL_H_
