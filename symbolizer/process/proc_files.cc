#include "symbolizer/process/proc_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/process/descriptor.h"

namespace profd {
namespace {

constexpr size_t kMaxOtherThreads = 16;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

absl::Status ProcError(int error, absl::string_view what) {
  if (error == ENOENT || error == ESRCH) return absl::NotFoundError(what);
  return absl::ErrnoToStatus(error, what);
}

absl::StatusOr<std::string> ReadProcFile(pid_t pid, absl::string_view name, size_t limit_bytes) {
  const std::string path = absl::StrCat("/proc/", pid, "/", name);
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ProcError(errno, path);
  std::string text;
  while (text.size() < limit_bytes) {
    const size_t old_size = text.size();
    const size_t chunk = std::min<size_t>(limit_bytes - old_size, 64 << 10);
    text.resize(old_size + chunk);
    const ssize_t got = read(file.get(), text.data() + old_size, chunk);
    text.resize(old_size + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ProcError(errno, path);
    if (got == 0) break;
  }
  return text;
}

std::vector<pid_t> NumericEntries(const std::string& directory) {
  std::vector<pid_t> result;
  std::unique_ptr<DIR, CloseDirectory> stream(opendir(directory.c_str()));
  if (stream == nullptr) return result;
  while (const dirent* entry = readdir(stream.get())) {
    pid_t number = 0;
    if (absl::SimpleAtoi(entry->d_name, &number) && number > 0) result.push_back(number);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<pid_t> OtherThreads(pid_t pid) {
  std::vector<pid_t> threads = NumericEntries(absl::StrCat("/proc/", pid, "/task"));
  threads.erase(std::remove(threads.begin(), threads.end(), pid), threads.end());
  if (threads.size() > kMaxOtherThreads) threads.resize(kMaxOtherThreads);
  return threads;
}

}  // namespace profd
