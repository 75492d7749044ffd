// Python stacks of other processes' threads, read from outside by the walkers of bpf/. What is read
// is true only of a thread that stood still meanwhile: see still_reader.h.
#ifndef PROFD_USERSPACE_SAMPLING_REMOTE_WALK_H_
#define PROFD_USERSPACE_SAMPLING_REMOTE_WALK_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpf/events.h"
#include "symbolizer/code_cache.h"
#include "symbolizer/code_reader.h"

namespace profd {

struct WalkedThread {
  uint64_t tstate = 0;  // 0: not a thread of Python
  uint8_t stack_state = STACK_NONE;
  uint8_t tstate_source = TSTATE_NOT_FOUND;
  bool holds_gil = false;
  std::vector<py_frame_record> frames;  // leaf first
};

// All reads go by process_vm_readv on a thread that may be left behind, a batch at a time. Errors:
// those of RunAbandonably(); kResourceExhausted. For one thread.
class RemoteWalker {
 public:
  RemoteWalker();
  ~RemoteWalker();

  struct Thread {
    pid_t tid = 0;
    uint64_t thread_pointer = 0;
    uint64_t tstate = 0;  // of an earlier walk, or 0
  };
  // Parallel to `threads`, all of `process`.
  absl::StatusOr<std::vector<WalkedThread>> Walk(pid_t pid, const py_process& process,
                                                 const py_layout& layout,
                                                 const std::vector<Thread>& threads);

  // Code objects of the process, whose memory is that of its thread `tid`, parallel to `wanted`;
  // each as ReadCode() says. Fewer when their line tables are huge.
  absl::StatusOr<std::vector<absl::StatusOr<CodeDescription>>> ReadCodes(
      pid_t pid, pid_t tid, const py_layout& layout, const std::vector<CodeReference>& wanted);

  // Where the process's interpreters keep their locks, those that are laid out in place (3.12+): at
  // most kMaxLocks.
  static constexpr int kMaxLocks = 64;
  absl::StatusOr<std::vector<uint64_t>> FindGils(pid_t pid, pid_t tid, const py_process& process,
                                                 const py_layout& layout);

  absl::Duration cpu_used() const { return cpu_used_; }  // by reads that came back

 private:
  struct Scratch;  // the native walker
  absl::Status Run(pid_t pid, std::function<void()> work);

  std::shared_ptr<Scratch> scratch_;
  absl::Duration cpu_used_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_REMOTE_WALK_H_
