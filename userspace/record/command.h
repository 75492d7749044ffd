// The command that is sampled: started by us, as whoever typed it, in the foreground.
#ifndef PROFD_USERSPACE_RECORD_COMMAND_H_
#define PROFD_USERSPACE_RECORD_COMMAND_H_

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/record/invoking_user.h"
#include "userspace/sampling/stop_signals.h"

namespace profd {

// What of ours the command shall have others of; -1: has ours. Whoever made them closes them.
struct CommandStreams {
  int input = -1;
  int output = -1;
  int error = -1;
};

class Command {
 public:
  // Forks a child that waits for Release(): its ID is known before it does anything. Call it while
  // there is one thread. `signals` is the mask that the command shall have.
  static absl::StatusOr<std::unique_ptr<Command>> Prepare(std::vector<std::string> words,
                                                          const InvokingUser& user,
                                                          const sigset_t& signals,
                                                          const CommandStreams& streams);
  // A child that was never released ends.
  ~Command();

  pid_t pid() const { return pid_; }
  // Without its path.
  absl::string_view name() const;
  // Readable once it has ended.
  int descriptor() const { return pidfd_.get(); }

  // Executes the command, with our working directory and environment. The message of an
  // error is for users; exit_code() is then as a shell has it: 127 not found, 126 not executable.
  absl::Status Release();

  void Signal(int signal) const { kill(pid_, signal); }
  bool Ended();
  void Wait();
  // As a shell has it: 128 + signal where one ended it. Once it has ended.
  int exit_code() const { return exit_code_; }

 private:
  Command(std::vector<std::string> words, pid_t pid) : words_(std::move(words)), pid_(pid) {}
  bool Reap(int flags);

  const std::vector<std::string> words_;
  const pid_t pid_;
  Descriptor pidfd_;
  Descriptor go_;      // to the child: a byte releases it, the end ends it
  Descriptor failed_;  // from the child: the errno of what it could not do
  bool has_sudos_path_ = false;
  bool ended_ = false;
  int exit_code_ = 0;
};

// Hands the signals that have come on to a command that runs, unless the terminal has sent it them,
// too. True when there is no command, and one has come: it is for us.
bool TakeSignals(StopSignals* signals, Command* command);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_COMMAND_H_
