#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "symbolizer/process/proc_files.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

// Turns an O_PATH descriptor into one for reading, once it has proven to be a regular file:
// opening a FIFO can block, and opening a device can act.
absl::StatusOr<Descriptor> OpenRegular(const Descriptor& path_only, absl::string_view name) {
  struct stat file;
  if (fstat(path_only.get(), &file) != 0) return absl::ErrnoToStatus(errno, name);
  if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("not a regular file: ", name));
  }
  // O_NONBLOCK: a lease on the file would otherwise hold us up for its break time.
  const std::string link = absl::StrCat("/proc/self/fd/", path_only.get());
  Descriptor opened(open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!opened.valid()) return ProcError(errno, name);
  return opened;
}

absl::StatusOr<Descriptor> OpenRootOf(pid_t pid) {
  const auto open_root = [](pid_t tid) {
    const std::string link = absl::StrCat("/proc/", tid, "/root");
    return Descriptor(open(link.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  };
  Descriptor root = open_root(pid);
  if (root.valid()) return root;
  const int error = errno;
  if (error == ENOENT) {
    for (pid_t tid : OtherThreads(pid)) {
      if (root = open_root(tid); root.valid()) return root;
    }
  }
  return ProcError(error, absl::StrCat("/proc/", pid, "/root"));
}

absl::StatusOr<Descriptor> OpenByMapFiles(pid_t tid, const Mapping& mapping) {
  const std::string link =
      absl::StrFormat("/proc/%d/map_files/%x-%x", tid, mapping.start, mapping.end);
  Descriptor path_only(open(link.c_str(), O_PATH | O_CLOEXEC));
  if (!path_only.valid()) return ProcError(errno, link);
  return OpenRegular(path_only, link);
}

absl::Status CheckInode(const Descriptor& file, const Mapping& mapping) {
  absl::StatusOr<FileIdentity> identity = IdentityOf(file.get());
  if (!identity.ok()) return identity.status();
  // The inode only: on overlay and btrfs st_dev is not the device that maps shows.
  if (identity->inode == mapping.inode) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("another file has taken the place of ", mapping.path));
}

}  // namespace

absl::StatusOr<Descriptor> OpenInRoot(pid_t pid, const std::string& path) {
  if (path.find('\0') != std::string::npos) return absl::InvalidArgumentError("NUL in a path");
  absl::StatusOr<Descriptor> root = OpenRootOf(pid);
  if (!root.ok()) return root.status();
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Descriptor path_only;
  // EAGAIN: a rename or mount somewhere on the system raced with "..", see openat2(2).
  for (int attempt = 0; attempt < 8 && !path_only.valid(); ++attempt) {
    path_only = Descriptor(
        static_cast<int>(syscall(SYS_openat2, root->get(), path.c_str(), &how, sizeof(how))));
    if (!path_only.valid() && errno != EAGAIN && errno != EINTR) break;
  }
  if (!path_only.valid()) {
    if (errno == ELOOP || errno == EXDEV) {
      return absl::InvalidArgumentError(absl::StrCat("leaves the process's root: ", path));
    }
    return ProcError(errno, path);
  }
  return OpenRegular(path_only, path);
}

absl::StatusOr<Descriptor> OpenMappedFile(pid_t pid, const Mapping& mapping) {
  if (mapping.inode == 0) return absl::InvalidArgumentError("an anonymous mapping has no file");
  absl::StatusOr<Descriptor> file = OpenByMapFiles(pid, mapping);
  if (!file.ok() && absl::IsNotFound(file.status())) {
    for (pid_t tid : OtherThreads(pid)) {
      if (file = OpenByMapFiles(tid, mapping); file.ok()) break;
    }
  }
  if (file.ok() && CheckInode(*file, mapping).ok()) return file;
  if (absl::IsInvalidArgument(file.status())) return file;
  file = OpenInRoot(pid, mapping.path);
  if (!file.ok()) return file;
  if (absl::Status status = CheckInode(*file, mapping); !status.ok()) return status;
  return file;
}

}  // namespace profd
