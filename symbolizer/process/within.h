// What one does first with a stranger's mappings and files, with an end: each of these can block
// for ever in the kernel, as where a FUSE server does not answer. kDeadlineExceeded: it did, or an
// earlier call for the same process still does.
#ifndef PROFD_SYMBOLIZER_PROCESS_WITHIN_H_
#define PROFD_SYMBOLIZER_PROCESS_WITHIN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/process/process.h"

namespace profd {

inline constexpr absl::Duration kPatience = absl::Seconds(1);

struct OpenedFile {
  Descriptor file;
  FileIdentity identity;
  bool may_block = false;  // on FUSE: its server may never answer a read
};

// As ReadMappings: another thread of the process can hold the lock of its mappings.
absl::StatusOr<std::vector<Mapping>> ReadMappingsWithin(pid_t pid,
                                                        absl::Duration patience = kPatience);
// The words of /proc/PID/cmdline, its first 4096 bytes: read from the process's memory, likewise.
absl::StatusOr<std::vector<std::string>> ReadCommandLineWithin(pid_t pid,
                                                               absl::Duration patience = kPatience);
// As OpenMappedFile and OpenInRoot.
absl::StatusOr<OpenedFile> OpenMappedFileWithin(pid_t pid, const Mapping& mapping,
                                                absl::Duration patience = kPatience);
// One for each mapping, all within `patience`.
absl::StatusOr<std::vector<absl::StatusOr<OpenedFile>>> OpenMappedFilesWithin(
    pid_t pid, absl::Span<const Mapping> mappings, absl::Duration patience = kPatience);
absl::StatusOr<OpenedFile> OpenInRootWithin(pid_t pid, const std::string& path,
                                            absl::Duration patience = kPatience);
// Passes the file on unless a read could block for ever: kUnavailable.
absl::StatusOr<OpenedFile> OnlyReadable(absl::StatusOr<OpenedFile> file);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_WITHIN_H_
