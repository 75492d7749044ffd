// Whether an opened file can be read without waiting for a stranger.
#ifndef PROFD_SYMBOLIZER_NATIVE_OPEN_FILE_H_
#define PROFD_SYMBOLIZER_NATIVE_OPEN_FILE_H_

#include <linux/magic.h>
#include <sys/vfs.h>

#include <utility>

#include "absl/status/statusor.h"
#include "symbolizer/process/process.h"

namespace profd {

// Passes the descriptor on unless the file lies on FUSE, whose server may never answer a read.
inline absl::StatusOr<Descriptor> OpenReadable(absl::StatusOr<Descriptor> file) {
  if (!file.ok()) return file;
  struct statfs system;
  if (fstatfs(file->get(), &system) != 0) return absl::ErrnoToStatus(errno, "fstatfs");
  if (system.f_type == FUSE_SUPER_MAGIC) {
    return absl::UnavailableError("on a FUSE file system: reading could block for ever");
  }
  return file;
}

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_OPEN_FILE_H_
