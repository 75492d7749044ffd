// Where a file that somebody asked for goes: standard output, a device or FIFO, or a file.
#ifndef PROFD_USERSPACE_EXPORT_DESTINATION_H_
#define PROFD_USERSPACE_EXPORT_DESTINATION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "userspace/export/atomic_file.h"

namespace profd {

// "-" or /dev/stdout.
bool IsStandardOutput(absl::string_view path);

// Not a file of its own: standard output, a FIFO, a device, what a link to one leads to.
bool IsStream(const std::string& path);

// Writes to a stream as it comes; a file is there whole or not at all (WriteFile).
absl::Status WriteTo(const std::string& path, absl::string_view data,
                     const AtomicFileOptions& options);

}  // namespace profd

#endif  // PROFD_USERSPACE_EXPORT_DESTINATION_H_
