#include "userspace/sampling/wait_reason.h"

#include <sys/syscall.h>

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layouts.h"
#include "userspace/collector/thread_iterator.h"

namespace profd {
namespace {

// Task states, include/linux/sched.h; unchanged since 4.14.
enum : uint32_t { kUninterruptible = 2, kStoppedState = 4, kTraced = 8 };

constexpr size_t kMaxFunctions = 65536;
constexpr uint64_t kGilBytes = 256;         // of struct _gil_runtime_state, 3.12 – 3.15
constexpr uint64_t kStaticBytes = 1 << 20;  // of 3.6's libpython

constexpr size_t kReasons = static_cast<size_t>(WaitReason::kOther) + 1;
constexpr std::array<const char*, kReasons> kNames = {
    "lock", "GIL", "socket", "pipe", "disk", "sleep", "child", "CPU", "stopped", "other"};

struct KernelFunction {
  const char* prefix;
  WaitReason reason;
};

// What calls such as read(2) and ioctl(2) sleep in, by what they are made on; and page faults.
constexpr KernelFunction kKernelFunctions[] = {
    {"futex_", WaitReason::kLock},
    {"pipe_", WaitReason::kPipe},
    {"anon_pipe_", WaitReason::kPipe},
    {"fifo_", WaitReason::kPipe},
    {"ep_poll", WaitReason::kSocket},
    {"do_poll", WaitReason::kSocket},
    {"do_sys_poll", WaitReason::kSocket},
    {"do_select", WaitReason::kSocket},
    {"sock_", WaitReason::kSocket},
    {"unix_", WaitReason::kSocket},
    {"tcp_", WaitReason::kSocket},
    {"inet_", WaitReason::kSocket},
    {"udp", WaitReason::kSocket},
    {"sk_wait_", WaitReason::kSocket},
    {"__skb_wait", WaitReason::kSocket},
    {"hrtimer_nanosleep", WaitReason::kSleep},
    {"do_nanosleep", WaitReason::kSleep},
    {"kernel_wait4", WaitReason::kChild},
    {"kernel_waitid", WaitReason::kChild},
    {"io_schedule", WaitReason::kDisk},
    {"folio_wait", WaitReason::kDisk},
    {"wait_on_page", WaitReason::kDisk},
    {"filemap_", WaitReason::kDisk},
    {"blk_", WaitReason::kDisk},
    {"jbd2_", WaitReason::kDisk},
    {"ext4_", WaitReason::kDisk},
    {"xfs_", WaitReason::kDisk},
    {"btrfs_", WaitReason::kDisk},
    {"nfs", WaitReason::kDisk},
    {"fuse_", WaitReason::kDisk},
    {"vfs_fsync", WaitReason::kDisk},
    {"balance_dirty_pages", WaitReason::kDisk},
};

std::optional<WaitReason> FromSyscall(const thread_record& thread) {
  switch (thread.syscall) {
    case SYS_futex:
#ifdef SYS_futex_waitv
    case SYS_futex_waitv:
#endif
      return WaitReason::kLock;
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
      // Of no descriptors: time.sleep() up to 3.10.
      return thread.syscall_args[0] == 0 ? WaitReason::kSleep : WaitReason::kSocket;
#ifdef SYS_poll
    case SYS_poll:
#endif
    case SYS_ppoll:
      return thread.syscall_args[1] == 0 ? WaitReason::kSleep : WaitReason::kSocket;
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
    case SYS_epoll_pwait:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
      return WaitReason::kSocket;
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
      return WaitReason::kSleep;
    case SYS_wait4:
    case SYS_waitid:
      return WaitReason::kChild;
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_sync:
    case SYS_syncfs:
    case SYS_sync_file_range:
    case SYS_msync:
      return WaitReason::kDisk;
    default:
      return std::nullopt;
  }
}

}  // namespace

absl::string_view NameOf(WaitReason reason) { return kNames[static_cast<size_t>(reason)]; }

const std::shared_ptr<const Function>& WaitFunction(WaitReason reason) {
  static const auto* functions = [] {
    auto* made = new std::array<std::shared_ptr<const Function>, kReasons>;
    for (size_t i = 0; i < kReasons; ++i) {
      auto function = std::make_shared<Function>();
      function->kind = FrameKind::kWaiting;
      function->name = absl::StrCat("[waiting: ", kNames[i], "]");
      (*made)[i] = std::move(function);
    }
    return made;
  }();
  return (*functions)[static_cast<size_t>(reason)];
}

bool IsGilFutex(const py_process& process, const py_layout& layout, absl::Span<const uint64_t> gils,
                uint64_t address) {
  for (uint64_t gil : gils) {
    if (address - gil < kGilBytes) return true;
  }
  if (process.tstate_current == 0) return false;
  // 3.7 – 3.11: _PyRuntime holds the interpreters, the GIL, gilstate, in this order, and no other
  // lock in place.
  if (Has(layout, PY_RUNTIME_TSTATE_CURRENT)) {
    return address > process.interp_head && address < process.tstate_current;
  }
  // 3.6: static variables of its own; all other locks are on the heap.
  return address - (process.tstate_current - kStaticBytes) < 2 * kStaticBytes;
}

std::optional<WaitReason> WaitReasons::FromKernel(uint64_t address) {
  if (auto known = functions_.find(address); known != functions_.end()) return known->second;
  std::optional<WaitReason> reason;
  const std::string name = name_(address);
  for (const KernelFunction& function : kKernelFunctions) {
    if (!absl::StartsWith(name, function.prefix)) continue;
    reason = function.reason;
    break;
  }
  if (functions_.size() >= kMaxFunctions) functions_.clear();
  functions_.emplace(address, reason);
  return reason;
}

WaitReason WaitReasons::Of(const thread_record& thread, absl::Span<const uint64_t> kernel) {
  if ((thread.state & (kStoppedState | kTraced)) != 0) return WaitReason::kStopped;
  if (IsReady(thread)) return WaitReason::kCpu;
  if (auto reason = FromSyscall(thread); reason.has_value()) return *reason;
  for (uint64_t address : kernel) {
    if (auto reason = FromKernel(address); reason.has_value()) return *reason;
  }
  const bool block =
      (thread.flags & THREAD_IN_IOWAIT) != 0 || (thread.state & kUninterruptible) != 0;
  return block ? WaitReason::kDisk : WaitReason::kOther;
}

}  // namespace profd
