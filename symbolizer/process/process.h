// What /proc tells of a process. The process may end or exec between any two calls.
#ifndef PROFD_SYMBOLIZER_PROCESS_PROCESS_H_
#define PROFD_SYMBOLIZER_PROCESS_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "symbolizer/process/descriptor.h"

namespace profd {

// One line of /proc/PID/maps.
struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t offset = 0;  // in the file
  uint64_t device =
      0;               // makedev(major, minor) as /proc shows it; overlay file systems show another
  uint64_t inode = 0;  // 0: anonymous
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool deleted = false;  // the path ended in " (deleted)", which is cut off here
  std::string path;      // as the process's own mount namespace sees it; or "[vdso]", …
};

// A file as the kernel identifies it at one moment: survives renames, not replacement.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t change_time_ns = 0;
  bool operator==(const FileIdentity&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const FileIdentity& f) {
    return H::combine(std::move(h), f.device, f.inode, f.size, f.change_time_ns);
  }
};

// At most 65,536 mappings are read, and of each line at most 4,096 bytes of path. Empty for a
// kernel thread or a zombie. Errors of these calls: kNotFound when the process has gone,
// kPermissionDenied.
absl::StatusOr<std::vector<Mapping>> ReadMappings(pid_t pid);
// For tests and recorded input. Lines that are not mappings are left out.
std::vector<Mapping> ParseMappings(absl::string_view text);

// Opens the regular file behind a mapping for reading, without blocking and without leaving the
// process's root: /proc/PID/map_files first (finds deleted and replaced files too), then its path
// below /proc/PID/root by openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS). The result has the
// mapping's inode, else kNotFound. A FIFO, a device, a directory or a magic link is
// kInvalidArgument; other symlinks are followed as the process would, inside its root.
absl::StatusOr<Descriptor> OpenMappedFile(pid_t pid, const Mapping& mapping);
// The same for any path as the process sees it, such as its perf map; the size is the caller's to
// bound. A read of the result may still block where the file system is served by user space.
absl::StatusOr<Descriptor> OpenInRoot(pid_t pid, const std::string& path);
absl::StatusOr<FileIdentity> IdentityOf(int fd);

// Start time in clock ticks since boot (field 22 of /proc/PID/stat): with the PID it names a
// process.
absl::StatusOr<uint64_t> StartTimeTicks(pid_t pid);
// Now, in the same ticks: what starts later has no lower number.
uint64_t TicksSinceBoot();
// Its parent in our PID namespace; 0: it has none there.
absl::StatusOr<pid_t> ParentPid(pid_t pid);
// CPU time used by all threads of the process, alive or ended, in nanoseconds (its CPU clock).
absl::StatusOr<absl::Duration> CpuTime(pid_t pid);
// A zombie does; an error other than ESRCH is about a process that exists.
bool Exists(pid_t pid);
// When the thread started, as StartTimeTicks(). None once it has begun to exit, which is before
// glibc gives its pthread_self() to another thread.
std::optional<uint64_t> ThreadAliveSince(pid_t tid);
// All PIDs in /proc, ascending.
std::vector<pid_t> ListProcesses();
// Kernel comm of a process or thread; empty when it has gone.
std::string Comm(pid_t pid);
// The container's ID (64 hex digits, as Docker, containerd, CRI-O and Podman put it into the
// cgroup path; systemd-nspawn and LXC by name), or empty. Of nested containers the outermost: the
// inner part of the path is named by the container itself. Input: text of /proc/PID/cgroup.
std::string ContainerIdFromCgroup(absl::string_view cgroup_text);
std::string ContainerId(pid_t pid);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_PROCESS_H_
