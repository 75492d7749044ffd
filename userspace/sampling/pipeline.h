// Records from the kernel in, one profile a window out.
#ifndef PROFD_USERSPACE_SAMPLING_PIPELINE_H_
#define PROFD_USERSPACE_SAMPLING_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "symbolizer/symbolizer.h"
#include "userspace/collector/accounting.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/clock.h"
#include "userspace/collector/discovery.h"
#include "userspace/collector/images.h"
#include "userspace/collector/metered_memory.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/records.h"
#include "userspace/profile/profile.h"
#include "userspace/sampling/finished_window.h"
#include "userspace/sampling/stack_interner.h"
#include "userspace/sampling/waiting.h"

namespace profd {

// For one thread. All pointers outlive it.
class Pipeline {
 public:
  struct Options {
    bool keep_times = false;
    bool wall = false;      // samples of CPU time count as wall time, too
    bool gil_only = false;  // samples of threads that do not hold the GIL are left out
    Profile::Limits profile = Profile::Limits::OfWindow();
    CodeCache::Limits codes;
  };
  Pipeline(BpfSession* session, Images* images, Processes* processes, Discovery* discovery,
           const Options& options);

  // Begins the first window.
  void Open(const Moment& now);
  // Takes everything that is in the rings. How much that was: see BpfSession::ConsumeSamples().
  double Consume(const Moment& now);
  void AddWaiting(const WaitingSample& sample);
  // Ends the window and begins the next. Call Consume() first.
  FinishedWindow Close(const Moment& now);

  Accounting Totals() const;
  Symbolizer* symbolizer() { return &symbolizer_; }
  // When a process or thread was last seen for the first time, of SteadyNow().
  absl::Duration last_birth() const { return last_birth_; }

 private:
  struct ThreadKey {
    uint64_t incarnation;
    uint32_t tid;
    bool operator==(const ThreadKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const ThreadKey& k) {
      return H::combine(std::move(h), k.incarnation, k.tid);
    }
  };
  struct SampledThread {
    uint32_t tid;
    uint64_t thread_id;  // pthread_self(); 0: the thread has not come that far
    absl::string_view comm;
    absl::string_view process_comm;
  };
  struct ThreadLabel {
    Profile::LabelsId id;
    std::string thread;
    std::string comm;
    bool is_provisional;  // `thread` is the kernel's name, for want of Python's
  };

  void OnSampleRing(absl::string_view record);
  void OnLifecycle(absl::string_view record);
  void OnSample(const RawSample& sample);
  // What fell into the process before it was registered.
  void AddStart(Process& process);
  void OnCode(const RawCode& code);
  std::shared_ptr<Process> FindProcess(uint64_t incarnation, pid_t pid);
  // For when records of the lifecycle ring were lost: what the kernel's own table says.
  std::shared_ptr<Process> Adopt(uint64_t incarnation, pid_t pid);
  void EndUnregistered();
  bool Excludes(bool holds_gil, int64_t ns);
  Profile::StackId StackOf(Process& process, const RawSample& sample);
  Profile::StackId StackOf(Process& process, const RawStack& raw);
  Profile::LabelsId LabelsOf(Process& process, const SampledThread& sampled);
  // Gives names to threads that were not seen again in this window since their names are known.
  void NameThreadsLate();
  void OnRename(uint64_t incarnation);
  void EndProcess(const process_record& record);
  // What the process has used since it was last asked; `used` is its clock.
  absl::Duration Unreported(const Process& process, absl::Duration used);
  void ReleaseEnded();
  void ForgetEnded();
  void KeepTime(uint64_t time_ns, uint32_t sample, uint32_t ticks);
  void AddFacts(FinishedWindow* window);
  ProcessMemory* MemoryOf(Process& process);

  BpfSession* const session_;
  Images* const images_;
  Processes* const processes_;
  Discovery* const discovery_;
  const Options options_;
  Symbolizer symbolizer_;
  StackInterner stacks_{&symbolizer_};

  Profile profile_{options_.profile};
  uint64_t collapsed_before_ = 0;  // samples of the windows before this one
  uint64_t released_before_ = 0;   // bytes of code objects
  std::vector<Recording::Event> events_;
  int64_t gil_held_ns_ = 0;  // in this window
  uint64_t waiting_samples_ = 0;
  uint64_t times_dropped_ = 0;  // in this window: there was no room
  int64_t unix_minus_steady_ns_ = 0;
  absl::flat_hash_map<ThreadKey, ThreadLabel> labels_;
  struct ProvisionalLabel {
    uint64_t incarnation;
    ThreadLabels::Thread thread;
    Profile::LabelsId labels;
  };
  std::vector<ProvisionalLabel> provisional_;  // of this window, named since or not
  std::vector<std::shared_ptr<Process>> ended_;
  size_t released_ = 0;  // so many of its first
  // A process's clock runs on through an exec: the programs of one process share it, so that no
  // time is told twice in whatever order they are seen.
  struct CpuClock {
    uint64_t start_ticks;
    absl::Duration reported;
    uint64_t last_window;  // in which a program of the process was known
  };
  absl::flat_hash_map<pid_t, CpuClock> clocks_;
  uint64_t windows_ = 0;
  // The process of the sample before: samples of one come in runs.
  std::shared_ptr<Process> last_process_;

  ConsumerCounts counts_;
  Accounting at_open_;
  TimeBudget read_budget_ = MeteredMemory::CommonBudget();
  TimeBudget early_looks_ = ThreadLabels::CommonEarlyLooks();
  MemoryCounts memory_counts_;
  absl::Duration now_;
  absl::Duration last_birth_ = -absl::InfiniteDuration();
  Moment opened_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_PIPELINE_H_
