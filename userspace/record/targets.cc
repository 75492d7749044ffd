#include "userspace/record/targets.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "userspace/record/empty_recording.h"
#include "userspace/text/quantities.h"

namespace profd {
namespace {

absl::StatusOr<std::vector<Descriptor>> OpenAll(const std::vector<pid_t>& pids) {
  std::vector<Descriptor> processes;
  for (pid_t pid : pids) {
    Descriptor process(syscall(SYS_pidfd_open, pid, 0));
    if (!process.valid()) {
      const bool is_none = errno == ESRCH || errno == EINVAL;  // EINVAL: a thread's ID
      return is_none ? absl::NotFoundError(absl::StrCat("there is no process ", pid))
                     : absl::ErrnoToStatus(errno, absl::StrCat("process ", pid));
    }
    processes.push_back(std::move(process));
  }
  return processes;
}

absl::StatusOr<Selection> Select(const SamplingOptions& options, const Command* command) {
  if (command != nullptr) return Selection::Trees({command->pid()});
  if (!options.comm.empty()) return Selection::CommPattern(options.comm);
  if (options.pids.empty()) return Selection::All();
  return options.children ? Selection::Trees(options.pids) : Selection::Pids(options.pids);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Targets>> Targets::Prepare(const SamplingOptions& options,
                                                          const InvokingUser& user,
                                                          const sigset_t& signals,
                                                          const CommandStreams& streams) {
  std::unique_ptr<Command> command;
  if (!options.command.empty()) {
    auto prepared = Command::Prepare(options.command, user, signals, streams);
    if (!prepared.ok()) return prepared.status();
    command = *std::move(prepared);
  }
  signal(SIGPIPE, SIG_IGN);
  auto processes = OpenAll(options.pids);
  if (!processes.ok()) return processes.status();
  auto selection = Select(options, command.get());
  if (!selection.ok()) return selection.status();
  std::unique_ptr<Targets> targets(new Targets(options, *std::move(selection)));
  targets->command_ = std::move(command);
  targets->processes_ = *std::move(processes);
  return targets;
}

Sampler::Options Targets::MakeSamplerOptions() const {
  Sampler::Options options;
  options.profile.fair = true;
  options.selection = selection_;
  options.period_ns = PeriodNs(options_.rate_hz);
  options.idle = options_.idle;
  options.gil_only = options_.gil_only;
  return options;
}

void Targets::SetMode(bool idle, bool gil_only) {
  options_.idle = idle;
  options_.gil_only = gil_only;
}

bool Targets::Ended() {
  if (command_ != nullptr) return command_->Ended();
  for (Descriptor& process : processes_) {
    pollfd polled = {process.get(), POLLIN, 0};
    if (process.valid() && poll(&polled, 1, 0) > 0) process = Descriptor();
  }
  return !processes_.empty() && std::none_of(processes_.begin(), processes_.end(),
                                             [](const Descriptor& p) { return p.valid(); });
}

std::vector<int> Targets::descriptors() const {
  std::vector<int> descriptors;
  if (command_ != nullptr) descriptors.push_back(command_->descriptor());
  for (const Descriptor& process : processes_) {
    if (process.valid()) descriptors.push_back(process.get());
  }
  return descriptors;
}

bool Targets::AnyIsPython(const Sampler& sampler) const {
  if (options_.pids.empty() || options_.children) return true;
  return std::any_of(options_.pids.begin(), options_.pids.end(),
                     [&](pid_t pid) { return sampler.IsKnown(pid); });
}

absl::Status Targets::CheckPython(const Sampler& sampler) const {
  if (AnyIsPython(sampler)) return absl::OkStatus();
  return absl::NotFoundError(WhyNotPython(sampler, options_.pids));
}

}  // namespace profd
