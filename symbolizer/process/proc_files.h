// Small files and directories of /proc, for the sources of this folder.
#ifndef PROFD_SYMBOLIZER_PROCESS_PROC_FILES_H_
#define PROFD_SYMBOLIZER_PROCESS_PROC_FILES_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace profd {

// kNotFound for ENOENT and ESRCH, as everything of a process that ends; else as errno says.
absl::Status ProcError(int error, absl::string_view what);

// At most `limit_bytes` of /proc/PID/name; the rest is left out.
absl::StatusOr<std::string> ReadProcFile(pid_t pid, absl::string_view name, size_t limit_bytes);

// Numeric entries of a directory, ascending; empty when it is not there.
std::vector<pid_t> NumericEntries(const std::string& directory);

// Threads of a process to ask in place of its leader. When the main thread has ended before the
// others, /proc/PID has no memory, maps or root any more, but /proc/TID has. At most 16.
std::vector<pid_t> OtherThreads(pid_t pid);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_PROC_FILES_H_
