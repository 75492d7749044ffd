#include "symbolizer/process/process.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "symbolizer/process/proc_files.h"

namespace profd {
namespace {

// /proc/PID/stat, or a thread's, past the comm, which may itself hold spaces and parentheses.
class Stat {
 public:
  explicit Stat(pid_t pid, const std::string& file = "stat")
      : text_(ReadProcFile(pid, file, 4096)) {
    if (!text_.ok()) return;
    const size_t comm_end = text_->rfind(')');
    if (comm_end == std::string::npos) {
      text_ = absl::InternalError("no comm in /proc/PID/stat");
      return;
    }
    fields_ =
        absl::StrSplit(absl::string_view(*text_).substr(comm_end + 1), ' ', absl::SkipEmpty());
  }

  Stat(const Stat&) = delete;
  Stat& operator=(const Stat&) = delete;

  // Counted from 1 as proc(5) does.
  template <typename Number>
  absl::StatusOr<Number> Field(size_t field) const {
    if (!text_.ok()) return text_.status();
    Number number = 0;
    if (fields_.size() <= field - 3 || !absl::SimpleAtoi(fields_[field - 3], &number)) {
      return absl::InternalError(absl::StrCat("no field ", field, " in /proc/PID/stat"));
    }
    return number;
  }

 private:
  absl::StatusOr<std::string> text_;
  std::vector<absl::string_view> fields_;
};

constexpr size_t kParent = 4;
constexpr size_t kFlags = 9;
constexpr size_t kStartTime = 22;

}  // namespace

absl::StatusOr<FileIdentity> IdentityOf(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0) return absl::ErrnoToStatus(errno, "fstat");
  FileIdentity identity;
  identity.device = file.st_dev;
  identity.inode = file.st_ino;
  identity.size = static_cast<uint64_t>(file.st_size);
  identity.change_time_ns = absl::ToUnixNanos(absl::TimeFromTimespec(file.st_ctim));
  return identity;
}

absl::StatusOr<uint64_t> StartTimeTicks(pid_t pid) { return Stat(pid).Field<uint64_t>(kStartTime); }

uint64_t TicksSinceBoot() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t hz = sysconf(_SC_CLK_TCK);
  return now.tv_sec * hz + now.tv_nsec * hz / 1'000'000'000;
}

absl::StatusOr<pid_t> ParentPid(pid_t pid) { return Stat(pid).Field<pid_t>(kParent); }

absl::StatusOr<absl::Duration> CpuTime(pid_t pid) {
  clockid_t clock;
  if (const int error = clock_getcpuclockid(pid, &clock); error != 0) {
    return ProcError(error, "clock_getcpuclockid");
  }
  timespec used;
  // The clock of a process that ended meanwhile is no clock any more: EINVAL.
  if (clock_gettime(clock, &used) != 0) {
    return ProcError(errno == EINVAL ? ESRCH : errno, "clock_gettime");
  }
  return absl::DurationFromTimespec(used);
}

bool Exists(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

std::optional<uint64_t> ThreadAliveSince(pid_t tid) {
  constexpr uint32_t kExiting = 0x4;  // PF_EXITING, include/linux/sched.h
  // Not /proc/TID/stat, for which the kernel adds up all threads of the process.
  const Stat stat(tid, absl::StrCat("task/", tid, "/stat"));
  const absl::StatusOr<uint32_t> flags = stat.Field<uint32_t>(kFlags);
  const absl::StatusOr<uint64_t> start = stat.Field<uint64_t>(kStartTime);
  if (!flags.ok() || !start.ok() || (*flags & kExiting) != 0) return std::nullopt;
  return *start;
}

std::vector<pid_t> ListProcesses() { return NumericEntries("/proc"); }

std::string Comm(pid_t pid) {
  absl::StatusOr<std::string> text = ReadProcFile(pid, "comm", 64);
  if (!text.ok()) return "";
  return std::string(absl::StripSuffix(*text, "\n"));
}

}  // namespace profd
