#include "userspace/export/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/export/write_all.h"

namespace profd {
namespace {

constexpr int kMaxNameTries = 100;

absl::Status Error(int error, absl::string_view doing, absl::string_view name) {
  return absl::ErrnoToStatus(error, absl::StrCat(doing, " ", name));
}

// A new file under a name of its own, and that name.
absl::Status CreateTemporary(int dir_fd, mode_t mode, Descriptor* file, std::string* temporary) {
  static std::atomic<uint64_t> counter{0};
  int error = 0;
  for (int i = 0; i < kMaxNameTries; ++i) {
    *temporary = absl::StrCat(kTemporaryPrefix, getpid(), "-", counter.fetch_add(1));
    const int fd = openat(dir_fd, temporary->c_str(),
                          O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0) {
      *file = Descriptor(fd);
      return absl::OkStatus();
    }
    error = errno;
    if (error != EEXIST && error != EINTR) break;
  }
  return absl::ErrnoToStatus(error, "creating a temporary file");
}

// 0 or an errno.
int WriteAndClose(Descriptor file, absl::string_view data) {
  if (const int error = WriteAll(file.get(), data)) return error;
  if (fsync(file.get()) != 0) return errno;
  // NFS reports a full disk as late as here.
  return close(file.Release()) != 0 && errno != EINTR ? errno : 0;
}

// 0 or an errno.
int Publish(int dir_fd, const std::string& temporary, const std::string& name, IfExists if_exists) {
  if (if_exists == IfExists::kReplace) {
    return renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) == 0 ? 0 : errno;
  }
  if (renameat2(dir_fd, temporary.c_str(), dir_fd, name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL) return errno;
  // A file system without RENAME_NOREPLACE, such as NFS.
  if (linkat(dir_fd, temporary.c_str(), dir_fd, name.c_str(), 0) != 0) return errno;
  unlinkat(dir_fd, temporary.c_str(), 0);
  return 0;
}

}  // namespace

absl::Status WriteFileAt(int dir_fd, const std::string& name, absl::string_view data,
                         const AtomicFileOptions& options) {
  if (name.empty() || name == "." || name == ".." || absl::StrContains(name, '/')) {
    return absl::InvalidArgumentError(absl::StrCat("not a file name: ", name));
  }
  struct stat there;
  if (options.if_exists == IfExists::kReplace &&
      fstatat(dir_fd, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(there.st_mode) &&
      !S_ISLNK(there.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(name, " is there and no regular file"));
  }
  Descriptor file;
  std::string temporary;
  if (absl::Status s = CreateTemporary(dir_fd, options.mode, &file, &temporary); !s.ok()) return s;
  (void)!fchown(file.get(), options.owner, options.group);
  int error = WriteAndClose(std::move(file), data);
  const char* doing = "writing";
  if (error == 0) {
    error = Publish(dir_fd, temporary, name, options.if_exists);
    doing = "renaming to";
  }
  if (error != 0) {
    unlinkat(dir_fd, temporary.c_str(), 0);
    return Error(error, doing, name);
  }
  // EINVAL: a file system that keeps no directories to sync (CIFS, some of FUSE).
  if (fsync(dir_fd) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return Error(errno, "syncing the directory of", name);
  }
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, absl::string_view data,
                       const AtomicFileOptions& options) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const Descriptor dir(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", directory));
  absl::Status status = WriteFileAt(dir.get(), name, data, options);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(directory, ": ", status.message()));
}

}  // namespace profd
