#include "userspace/export/destination.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/export/write_all.h"

namespace profd {
namespace {

absl::Status WriteStream(int fd, absl::string_view data, const std::string& name) {
  const int error = WriteAll(fd, data);
  if (error == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(error, absl::StrCat("writing ", name));
}

}  // namespace

bool IsStandardOutput(absl::string_view path) { return path == "-" || path == "/dev/stdout"; }

bool IsStream(const std::string& path) {
  struct stat file;
  return IsStandardOutput(path) ||
         (stat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode));
}

absl::Status WriteTo(const std::string& path, absl::string_view data,
                     const AtomicFileOptions& options) {
  if (IsStandardOutput(path)) return WriteStream(STDOUT_FILENO, data, "standard output");
  if (!IsStream(path)) return WriteFile(path, data, options);
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  return WriteStream(file.get(), data, path);
}

}  // namespace profd
