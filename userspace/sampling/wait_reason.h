// What a thread that does not run waits for.
#ifndef PROFD_USERSPACE_SAMPLING_WAIT_REASON_H_
#define PROFD_USERSPACE_SAMPLING_WAIT_REASON_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bpf/events.h"
#include "symbolizer/frame.h"

namespace profd {

enum class WaitReason : uint8_t {
  kLock,
  kGil,
  kSocket,  // or any descriptors, by poll, select and epoll
  kPipe,
  kDisk,
  kSleep,
  kChild,
  kCpu,      // ready to run, and no CPU has time
  kStopped,  // by a signal or a debugger
  kOther,
};

// "lock", "GIL", …
absl::string_view NameOf(WaitReason reason);
// The frame of kind kWaiting to be shown as the leaf: "[waiting: lock]", ….
const std::shared_ptr<const Function>& WaitFunction(WaitReason reason);

// Is a futex at this address part of an interpreter's lock? Those of other locks lie elsewhere, on
// the heap. `gils`: RemoteWalker::FindGils().
bool IsGilFutex(const py_process& process, const py_layout& layout, absl::Span<const uint64_t> gils,
                uint64_t address);

// For one thread.
class WaitReasons {
 public:
  // The name of the kernel function at an address; may be empty.
  using KernelName = std::function<std::string(uint64_t address)>;
  explicit WaitReasons(KernelName name) : name_(std::move(name)) {}

  // By the system call that the thread is in; where that leaves it open, by the functions on its
  // kernel stack (leaf first), if the kernel shows its symbols. Never kGil: see IsGilFutex().
  WaitReason Of(const thread_record& thread, absl::Span<const uint64_t> kernel);

 private:
  std::optional<WaitReason> FromKernel(uint64_t address);

  const KernelName name_;
  absl::flat_hash_map<uint64_t, std::optional<WaitReason>> functions_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_WAIT_REASON_H_
