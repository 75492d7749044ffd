// A file system of a few KiB, to be full; and one that turns read-only.
#ifndef PROFD_TESTS_USERSPACE_EXPORT_SMALL_DISK_H_
#define PROFD_TESTS_USERSPACE_EXPORT_SMALL_DISK_H_

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tests/userspace/export/temporary_directory.h"

namespace profd {

class SmallDisk {
 public:
  // Needs CAP_SYS_ADMIN: see error().
  explicit SmallDisk(const char* size) {
    mounted_ = mount("tmpfs", directory_.path().c_str(), "tmpfs", 0,
                     (std::string("size=") + size).c_str()) == 0;
    if (!mounted_) error_ = strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  bool MakeReadOnly() {
    return mount(nullptr, directory_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  bool mounted() const { return mounted_; }
  const std::string& error() const { return error_; }
  const std::string& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  bool mounted_ = false;
  std::string error_;
};

}  // namespace profd

#endif  // PROFD_TESTS_USERSPACE_EXPORT_SMALL_DISK_H_
