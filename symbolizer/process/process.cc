#include "symbolizer/process/process.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "symbolizer/process/proc_files.h"

namespace profd {
namespace {

// A field of /proc/PID/stat, counted from 1 as proc(5) does; past the comm.
template <typename Number>
absl::StatusOr<Number> StatField(pid_t pid, size_t field) {
  absl::StatusOr<std::string> stat = ReadProcFile(pid, "stat", 4096);
  if (!stat.ok()) return stat.status();
  // Field 2, the comm, may itself hold spaces and parentheses.
  const size_t comm_end = stat->rfind(')');
  if (comm_end == std::string::npos) return absl::InternalError("no comm in /proc/PID/stat");
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(*stat).substr(comm_end + 1), ' ', absl::SkipEmpty());
  Number number = 0;
  if (fields.size() <= field - 3 || !absl::SimpleAtoi(fields[field - 3], &number)) {
    return absl::InternalError(absl::StrCat("no field ", field, " in /proc/PID/stat"));
  }
  return number;
}

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

absl::StatusOr<uint64_t> StartTimeTicks(pid_t pid) {
  return StatField<uint64_t>(pid, /*field=*/22);
}

absl::StatusOr<pid_t> ParentPid(pid_t pid) { return StatField<pid_t>(pid, /*field=*/4); }

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

bool ThreadLives(pid_t tid) {
  constexpr uint32_t kExiting = 0x4;  // PF_EXITING, include/linux/sched.h
  const absl::StatusOr<uint32_t> flags = StatField<uint32_t>(tid, /*field=*/9);
  return flags.ok() && (*flags & kExiting) == 0;
}

std::vector<pid_t> ListProcesses() { return NumericEntries("/proc"); }

std::string Comm(pid_t pid) {
  absl::StatusOr<std::string> text = ReadProcFile(pid, "comm", 64);
  if (!text.ok()) return "";
  return std::string(absl::StripSuffix(*text, "\n"));
}

}  // namespace profd
