// Which processes are sampled, and how, as the user asked for it; and whether they are still there.
#ifndef PROFD_USERSPACE_RECORD_TARGETS_H_
#define PROFD_USERSPACE_RECORD_TARGETS_H_

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/record/command.h"
#include "userspace/record/invoking_user.h"
#include "userspace/sampling/sampler.h"

namespace profd {

struct SamplingOptions {
  // Exactly one of these.
  std::vector<pid_t> pids;
  std::string comm;  // a regular expression
  bool all_python = false;
  std::vector<std::string> command;

  bool children = false;  // of pids: theirs too; a command's always are
  double rate_hz = 99;
  bool idle = false;      // threads that wait, too: wall time
  bool gil_only = false;  // only threads that hold the GIL
};

class Targets {
 public:
  // Finds the processes, or forks the command: for that see Command::Prepare. SIGPIPE is ignored
  // from here on, but not by the command. Messages of errors are for users.
  static absl::StatusOr<std::unique_ptr<Targets>> Prepare(const SamplingOptions& options,
                                                          const InvokingUser& user,
                                                          const sigset_t& signals,
                                                          const CommandStreams& streams = {});

  // Without what is up to the caller: times, and the share of the GIL.
  Sampler::Options MakeSamplerOptions() const;
  void SetMode(bool idle, bool gil_only);
  const SamplingOptions& options() const { return options_; }

  // Null: none was asked for.
  Command* command() { return command_.get(); }

  // All processes that were asked for by ID have ended, or the command has. Never true of others.
  bool Ended();
  // Readable once what Ended() says may have changed.
  std::vector<int> descriptors() const;

  // Of processes asked for by ID, one must be Python, or become it in this time from the sampler's
  // start; else CheckPython() is an error.
  static constexpr absl::Duration kTimeToBecomePython = absl::Seconds(1);
  bool AnyIsPython(const Sampler& sampler) const;
  absl::Status CheckPython(const Sampler& sampler) const;

 private:
  Targets(const SamplingOptions& options, Selection selection)
      : options_(options), selection_(std::move(selection)) {}

  SamplingOptions options_;
  Selection selection_;
  std::unique_ptr<Command> command_;
  std::vector<Descriptor> processes_;  // pidfds; of those that have ended, none
};

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_TARGETS_H_
