// Files that are there whole or not at all, also after a crash or a full disk.
#ifndef PROFD_USERSPACE_EXPORT_ATOMIC_FILE_H_
#define PROFD_USERSPACE_EXPORT_ATOMIC_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace profd {

// Temporary files carry this prefix; one that exists while nobody writes is of a crashed writer.
inline constexpr char kTemporaryPrefix[] = ".profd-tmp-";

enum class IfExists { kReplace, kFail };

struct AtomicFileOptions {
  mode_t mode = 0640;
  IfExists if_exists = IfExists::kReplace;
  // Of the file, as far as we may give it away; -1: as it comes.
  uid_t owner = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};

// Writes `data` to `name` (without a slash) in the directory `dir_fd`: temporary file, fsync,
// rename, fsync of the directory, where its file system has that. On failure nothing is left behind
// and an existing file is as it was, unless that last step fails. ALREADY_EXISTS: with kFail;
// FAILED_PRECONDITION: a directory, device or FIFO has that name; RESOURCE_EXHAUSTED: the disk or
// the quota is full.
absl::Status WriteFileAt(int dir_fd, const std::string& name, absl::string_view data,
                         const AtomicFileOptions& options = {});

// The same by path; errors name it. A symbolic link at `path` is replaced, not followed.
absl::Status WriteFile(const std::string& path, absl::string_view data,
                       const AtomicFileOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_EXPORT_ATOMIC_FILE_H_
