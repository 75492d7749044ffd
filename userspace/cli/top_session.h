// What `profd top` samples, from its start to its end, and the table of it.
#ifndef PROFD_USERSPACE_CLI_TOP_SESSION_H_
#define PROFD_USERSPACE_CLI_TOP_SESSION_H_

#include <signal.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "userspace/record/targets.h"
#include "userspace/sampling/sampler.h"
#include "userspace/views/top_view.h"

namespace profd {

struct TopOptions {
  SamplingOptions sampling;
  absl::Duration delay = absl::Seconds(1);
  bool by_line = false;
  bool full_filenames = false;
  bool json = false;  // of what is printed once
  std::string note;   // for the user, before anything else
};

// For one thread.
class TopSession {
 public:
  // Loads what runs in the kernel. See Targets::Prepare.
  static absl::StatusOr<std::unique_ptr<TopSession>> Create(const TopOptions& options,
                                                            const sigset_t& signals,
                                                            const CommandStreams& streams);
  ~TopSession();

  // Samples from here on; then the command, if there is one, runs. *note: what the user shall know
  // of what this kernel cannot do; else it is left as it was.
  absl::Status Start(std::string* note);

  TopView& view() { return view_; }
  Targets& targets() { return *targets_; }
  // Null: none was asked for.
  Command* command() { return targets_->command(); }
  // As a shell has it: the command's own, or 0.
  int exit_code() { return command() == nullptr ? 0 : command()->exit_code(); }

  // When Work() is due: in so long, or once one of these is readable.
  absl::Duration TimeToWork() const;
  std::vector<int> Descriptors() const;
  // True when the view has a new interval. kNotFound: what was asked for is not Python.
  absl::StatusOr<bool> Work();
  // Nothing is sampled any more; the view has all of it.
  void Finish();

  // Starts again with other threads; on an error all stays as it was.
  absl::Status SetMode(bool idle, bool gil_only);

  // The table of all since the start, for a screen of that size; and how the targets ended.
  std::string LastTable(const ScreenSize& size);
  std::string EndText();
  // Why the table is empty; "" when it is not.
  std::string WhyNothing();

 private:
  TopSession(const TopOptions& options, std::unique_ptr<Targets> targets,
             std::unique_ptr<Sampler> sampler);
  static absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(const Targets& targets);
  void AddInterval(const Moment& now);
  std::string SinceText() const;

  const TopOptions options_;
  const std::unique_ptr<Targets> targets_;
  std::unique_ptr<Sampler> sampler_;
  TopView view_;
  bool is_python_ = false;  // or need not be
  absl::Duration began_;
  absl::Duration next_refresh_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_TOP_SESSION_H_
