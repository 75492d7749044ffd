// Samples Python processes from its start to its end: owns what is in the kernel, what finds the
// processes, and what turns records into profiles.
#ifndef PROFD_USERSPACE_SAMPLING_SAMPLER_H_
#define PROFD_USERSPACE_SAMPLING_SAMPLER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "userspace/collector/accounting.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/clock.h"
#include "userspace/collector/discovery.h"
#include "userspace/collector/images.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/selection.h"
#include "userspace/sampling/finished_window.h"
#include "userspace/sampling/pipeline.h"
#include "userspace/sampling/ring_pace.h"
#include "userspace/sampling/waiting.h"

namespace profd {

// For one thread.
class Sampler {
 public:
  struct Options {
    Selection selection = Selection::All();
    uint64_t period_ns = 0;   // of CPU time, between two samples on one CPU
    bool keep_times = false;  // FinishedWindow::events
    bool idle = false;        // threads that wait, too: profiles have wall time
    bool gil = false;         // FinishedWindow::gil_held
    bool gil_only = false;    // only samples of threads that hold the GIL
    bool verbose = false;     // libbpf's debug messages to stderr
    // What a window, and what the names kept from one to the next may take.
    Profile::Limits profile = Profile::Limits::OfWindow();
    CodeCache::Limits codes;
  };

  // Loads the kernel's programs; nothing is attached yet. Raises the process's limit of open
  // files: a descriptor is held for each sampled process. Errors as of BpfSession::Create.
  static absl::StatusOr<std::unique_ptr<Sampler>> Create(const Options& options);
  ~Sampler();

  // Finds the processes that run and begins the first window. `before`: a running one that this is
  // to take the place of; descendants it knows are descendants still, though their parents have
  // gone.
  absl::Status Start(const Sampler* before = nullptr);
  absl::Duration started() const { return started_; }  // of SteadyNow()

  // When Consume() is due: so long after `now`, or once this descriptor is readable.
  absl::Duration TimeToConsume(absl::Duration now) const;
  int descriptor() const;
  void Consume(const Moment& now);
  // Ends the window and begins the next. Call Consume() first.
  FinishedWindow Close(const Moment& now);

  // No sample is taken from here on; those in the rings are still there to consume.
  void Detach();
  // Ends the threads. A stranger's file or memory map can hold this up for a moment.
  void Stop();

  Accounting Totals() const { return pipeline_->Totals(); }
  // A Python process that can be sampled?
  bool IsKnown(pid_t pid) const;
  size_t processes() const { return processes_->size(); }
  size_t interpreters() const { return images_->size(); }
  std::vector<Images::Unsupported> unsupported() const { return images_->unsupported(); }
  // What this kernel cannot do; empty when it can all.
  std::string KernelLacks() const;
  // Of Options::idle; null where it was not asked for, or the kernel lacks what it takes.
  const WaitingSampler::Stats* waiting_stats() const;

 private:
  explicit Sampler(std::unique_ptr<BpfSession> session, const Options& options);
  absl::Status StartWaiting();
  void TickWaiting(absl::Duration now);

  const bool idle_;
  RingPace pace_;
  const std::unique_ptr<BpfSession> session_;
  const std::unique_ptr<Images> images_;
  const std::unique_ptr<Processes> processes_;
  const std::unique_ptr<Discovery> discovery_;
  const std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<WaitingSampler> waiting_;
  std::string waiting_lacks_;
  absl::Duration started_;
  bool attached_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_SAMPLER_H_
