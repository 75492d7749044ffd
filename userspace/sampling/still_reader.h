// Python stacks of threads that wait, proven: what was read is given only where the thread's
// switches and CPU time say that it did not run meanwhile.
#ifndef PROFD_USERSPACE_SAMPLING_STILL_READER_H_
#define PROFD_USERSPACE_SAMPLING_STILL_READER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "symbolizer/symbolizer.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/thread_iterator.h"
#include "userspace/sampling/remote_walk.h"
#include "userspace/sampling/wait_reason.h"

namespace profd {

struct StillThread {
  thread_record record;
  WaitReason reason = WaitReason::kOther;
  WalkedThread walked;  // its code objects are in the symbolizer's cache
};

// For one thread, that of the symbolizer. All pointers outlive it.
class StillReader {
 public:
  StillReader(BpfSession* session, Symbolizer* symbolizer, ThreadIterator* iterator);

  struct Wanted {
    const ThreadReport* report = nullptr;  // of the process; off the CPU
    uint64_t tstate = 0;                   // of an earlier read, or 0
  };
  // By what is reported of it alone; no stack is needed.
  WaitReason ReasonOf(const Process& process, const ThreadReport& report);
  // Reads these threads of one process and appends those that are proven to `out`, in no order. A
  // thread that runs all the time may be missing whenever one tries. `rounds` of kBatch threads at
  // most. Fails when the process cannot be read: kNotFound, or kDeadlineExceeded, then for good.
  static constexpr int kBatch = 16;
  absl::Status Read(Process& process, absl::Span<const Wanted> wanted, int rounds,
                    std::vector<StillThread>* out);

  void Forget(uint64_t incarnation);
  absl::Duration cpu_used() const { return walker_.cpu_used(); }  // of the reading thread

 private:
  struct Locks {
    std::vector<uint64_t> gils;
    absl::Duration looked_at = -absl::InfiniteDuration();  // SteadyNow()
  };
  using Codes = absl::flat_hash_map<uint64_t, CodeDescription>;  // by tag

  WaitReason ReasonOf(const ThreadReport& report, const py_process& registered,
                      const py_layout& layout);
  // The code objects in `walked` whose names are not known yet.
  absl::StatusOr<Codes> ReadNewCodes(const Process& process, pid_t tid,
                                     absl::Span<const WalkedThread> walked);
  void Learn(const Process& process, const WalkedThread& walked, Codes& codes);

  BpfSession* const session_;
  Symbolizer* const symbolizer_;
  ThreadIterator* const iterator_;
  RemoteWalker walker_;
  WaitReasons reasons_;
  absl::flat_hash_map<uint64_t, Locks> locks_;  // by incarnation
  absl::flat_hash_set<uint64_t> unreadable_;    // incarnations whose memory blocked
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_STILL_READER_H_
