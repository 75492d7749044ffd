// Whether an opened file can be read without waiting for a stranger.
#ifndef PROFD_SYMBOLIZER_PROCESS_OPEN_FILE_H_
#define PROFD_SYMBOLIZER_PROCESS_OPEN_FILE_H_

#include <linux/magic.h>
#include <sys/vfs.h>

#include <utility>

#include "absl/status/statusor.h"
#include "symbolizer/process/process.h"

namespace profd {

// FUSE: its server may never answer a read.
inline bool MayBlockForEver(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) != 0 || system.f_type == FUSE_SUPER_MAGIC;
}

// Passes the descriptor on unless a read could block for ever.
inline absl::StatusOr<Descriptor> OpenReadable(absl::StatusOr<Descriptor> file) {
  if (!file.ok()) return file;
  if (MayBlockForEver(file->get())) {
    return absl::UnavailableError("on a FUSE file system: reading could block for ever");
  }
  return file;
}

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_OPEN_FILE_H_
