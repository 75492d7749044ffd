#include "userspace/export/destination.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "symbolizer/process/descriptor.h"

namespace profd {
namespace {

absl::Status WriteStream(int fd, absl::string_view data, const std::string& name) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, absl::StrCat("writing ", name));
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
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
