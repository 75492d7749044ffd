// The time that threads of Python spend off the CPU, sample by sample.
#ifndef PROFD_USERSPACE_SAMPLING_WAITING_H_
#define PROFD_USERSPACE_SAMPLING_WAITING_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "symbolizer/symbolizer.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/thread_iterator.h"
#include "userspace/sampling/still_reader.h"
#include "userspace/sampling/wait_account.h"
#include "userspace/sampling/wait_reason.h"

namespace profd {

// Valid while the sink runs.
struct WaitingSample {
  std::shared_ptr<Process> process;
  RawStack stack;  // `native_leaf` is the frame of the reason
  WaitReason reason = WaitReason::kOther;
  uint32_t tid = 0;
  uint64_t thread_id = 0;  // pthread_self()
  absl::string_view thread_comm;
  uint64_t time_ns = 0;  // CLOCK_MONOTONIC
  uint32_t ticks = 0;    // periods of waiting that it stands for
  bool holds_gil = false;
};

// At each tick looks at all threads. A sample stands for what its thread has waited in this way
// since the last one (see WaitAccount); the stack is the one it waits with now. For the thread of
// the symbolizer.
class WaitingSampler {
 public:
  struct Options {
    absl::Duration period = absl::Milliseconds(10);
    // Of one CPU; ticks come less often rather than cost more.
    double max_cpu_share = 0.02;
  };
  struct Stats {
    uint64_t ticks = 0;         // looks at all threads
    uint64_t samples = 0;       // given to the sink
    uint64_t reads = 0;         // stacks that were read and proven
    uint64_t unread_ns = 0;     // waited by threads whose stack could not be proven
    uint64_t failed_ticks = 0;  // the kernel's list could not be read
    absl::Duration cpu;         // that all this has taken
  };
  using Sink = std::function<void(const WaitingSample&)>;

  // kUnimplemented: the kernel lacks what it takes. All pointers outlive the sampler.
  static absl::StatusOr<std::unique_ptr<WaitingSampler>> Create(BpfSession* session,
                                                                Processes* processes,
                                                                Symbolizer* symbolizer,
                                                                const Options& options);

  // When to call Tick() next: of SteadyNow(). Earlier calls do nothing.
  absl::Duration due() const { return due_; }
  void Tick(absl::Duration now, const Sink& sink);

  const Stats& stats() const { return stats_; }

 private:
  struct Thread {
    std::shared_ptr<Process> process;
    uint64_t start_ns = 0;
    WaitAccount account;
    uint64_t tick = 0;  // it was last seen in
    // What it waits with, as long as its switches are these. kUnread: not known.
    enum { kUnread, kStill, kNotPython } state = kUnread;
    uint64_t switches = 0;
    WaitReason reason = WaitReason::kOther;
    WalkedThread walked;
    char comm[PROFD_COMM_BYTES] = {};
  };
  using Key = std::pair<uint64_t, uint32_t>;  // incarnation, TID
  using ToRead = absl::flat_hash_map<std::shared_ptr<Process>, std::vector<StillReader::Wanted>>;

  WaitingSampler(BpfSession* session, Processes* processes, Symbolizer* symbolizer,
                 std::unique_ptr<ThreadIterator> iterator, const Options& options);
  absl::StatusOr<std::vector<ThreadReport>> ListThreads();
  // Brings the thread's account up to date. Null: it is not to be sampled.
  Thread* Meet(const thread_record& record);
  void Keep(Thread& thread, StillThread still);
  void Emit(Thread& thread, const thread_record& record, const Sink& sink);
  void EmitUnread(Thread& thread, const ThreadReport& report, const Sink& sink);
  void ForgetEnded();

  Processes* const processes_;
  const std::unique_ptr<ThreadIterator> iterator_;
  StillReader reader_;
  const Options options_;
  const int64_t period_ns_;
  absl::flat_hash_map<Key, Thread> threads_;
  size_t kept_frames_ = 0;
  uint64_t last_tick_ns_ = 0;
  std::minstd_rand random_;
  absl::Duration due_;
  Stats stats_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_WAITING_H_
