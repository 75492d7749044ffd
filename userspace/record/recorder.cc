#include "userspace/record/recorder.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "symbolizer/process/descriptor.h"
#include "symbolizer/process/process.h"
#include "userspace/collector/clock.h"
#include "userspace/profile/recording.h"
#include "userspace/record/command.h"
#include "userspace/record/empty_recording.h"
#include "userspace/record/invoking_user.h"
#include "userspace/record/output.h"
#include "userspace/record/progress.h"
#include "userspace/sampling/sampler.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/text/printable.h"
#include "userspace/text/quantities.h"

namespace profd {
namespace {

constexpr absl::Duration kProgressInterval = absl::Seconds(1);
constexpr absl::Duration kTimeToBecomePython = absl::Seconds(1);
constexpr absl::Duration kShortPause = absl::Milliseconds(20);

std::string Subject(const RecordOptions& options) {
  if (!options.command.empty()) {
    const std::string& word = options.command[0];
    return word.substr(word.rfind('/') + 1);
  }
  if (!options.pids.empty()) return absl::StrCat(options.pids[0]);
  return options.all_python ? "all" : options.comm;
}

// What a reader shall see as the recording's name. Of a command no arguments: they may be secret.
std::string Title(const RecordOptions& options) {
  if (!options.command.empty()) return Printable(Subject(options));
  if (!options.pids.empty()) {
    return absl::StrCat("process ", absl::StrJoin(options.pids, ", "));
  }
  return options.all_python ? "all Python processes"
                            : absl::StrCat("processes named ", Printable(options.comm));
}

// As it could be typed again.
std::string CommandText(const RecordOptions& options) {
  std::string text = "profd record";
  if (!options.pids.empty()) absl::StrAppend(&text, " -p ", absl::StrJoin(options.pids, ","));
  if (!options.comm.empty()) absl::StrAppend(&text, " --comm '", Printable(options.comm), "'");
  if (options.all_python) absl::StrAppend(&text, " --all-python");
  if (options.children) absl::StrAppend(&text, " -s");
  if (options.idle) absl::StrAppend(&text, " -i");
  if (options.gil_only) absl::StrAppend(&text, " -g");
  absl::StrAppend(&text, " -r ", options.rate_hz);
  if (options.duration < absl::InfiniteDuration()) {
    absl::StrAppend(&text, " -d ", absl::FormatDuration(options.duration));
  }
  if (!options.command.empty()) absl::StrAppend(&text, " -- ", Printable(Subject(options)));
  return text;
}

bool HasSeveralProcesses(const Profile& profile) {
  int64_t first = -1;
  for (const Profile::Sample& sample : profile.samples()) {
    const int64_t pid = profile.labels(sample.labels).pid;
    if (first >= 0 && pid != first) return true;
    first = pid;
  }
  return false;
}

class Recorder {
 public:
  explicit Recorder(const RecordOptions& options)
      : options_(options), signals_(/*quit=*/!options.command.empty()) {}

  // An error before or in sampling: nothing is written.
  absl::Status Run();
  int exit_code() const { return command_ == nullptr ? 0 : command_->exit_code(); }

 private:
  absl::StatusOr<Selection> MakeSelection();
  absl::Status Start();
  // Of processes asked for by ID: one must be Python, or become it now.
  absl::Status CheckTargets();
  FinishedWindow SampleUntilDone();
  void Wait(absl::Duration duration);
  void HandleSignals();
  bool TargetsEnded();
  // For the command, after the recording's end.
  void WaitForCommand();
  absl::Status Write(FinishedWindow window);

  const RecordOptions& options_;
  const InvokingUser user_ = WhoInvoked();
  StopSignals signals_;
  bool told_to_stop_ = false;
  Output output_;
  std::unique_ptr<Command> command_;
  std::vector<Descriptor> targets_;  // pidfds
  std::unique_ptr<Sampler> sampler_;
};

absl::StatusOr<Selection> Recorder::MakeSelection() {
  if (command_ != nullptr) return Selection::Trees({command_->pid()});
  if (!options_.comm.empty()) return Selection::CommPattern(options_.comm);
  if (options_.pids.empty()) return Selection::All();
  for (pid_t pid : options_.pids) {
    Descriptor target(syscall(SYS_pidfd_open, pid, 0));
    if (!target.valid()) {
      // EINVAL: a thread's ID.
      return absl::NotFoundError(absl::StrCat("there is no process ", pid));
    }
    targets_.push_back(std::move(target));
  }
  return options_.children ? Selection::Trees(options_.pids) : Selection::Pids(options_.pids);
}

absl::Status Recorder::Start() {
  if (!signals_.status().ok()) return signals_.status();
  auto output = ChooseOutput(options_.output, options_.format, Subject(options_), absl::Now());
  if (!output.ok()) return output.status();
  output_ = *std::move(output);
  if (!options_.command.empty()) {
    auto command = Command::Prepare(options_.command, user_, signals_.before());
    if (!command.ok()) return command.status();
    command_ = *std::move(command);
  }
  signal(SIGPIPE, SIG_IGN);  // not for the command
  auto selection = MakeSelection();
  if (!selection.ok()) return selection.status();
  Sampler::Options options;
  options.selection = *std::move(selection);
  options.period_ns = PeriodNs(options_.rate_hz);
  options.keep_times = InfoOf(output_.format).times;
  options.idle = options_.idle;
  options.gil_only = options_.gil_only;
  auto sampler = Sampler::Create(options);
  if (!sampler.ok()) return sampler.status();
  sampler_ = *std::move(sampler);
  if (absl::Status status = sampler_->Start(); !status.ok()) return status;
  if (options_.idle && sampler_->waiting_stats() == nullptr) {
    std::fprintf(stderr, "profd: --idle: %s\n", sampler_->KernelLacks().c_str());
  }
  if (command_ != nullptr) return command_->Release();
  return CheckTargets();
}

absl::Status Recorder::CheckTargets() {
  if (options_.pids.empty() || options_.children) return absl::OkStatus();
  const absl::Duration end = SteadyNow() + kTimeToBecomePython;
  auto known = [this](pid_t pid) { return sampler_->IsKnown(pid); };
  while (std::none_of(options_.pids.begin(), options_.pids.end(), known) && !TargetsEnded()) {
    if (SteadyNow() > end) return absl::NotFoundError(WhyNotPython(*sampler_, options_.pids));
    Wait(kShortPause);
    sampler_->Consume(Moment::Now());
    if (told_to_stop_) break;
  }
  return absl::OkStatus();
}

void Recorder::Wait(absl::Duration duration) {
  std::vector<pollfd> polled = {{signals_.descriptor(), POLLIN, 0}};
  if (command_ != nullptr) polled.push_back({command_->descriptor(), POLLIN, 0});
  for (const Descriptor& target : targets_) {
    if (target.valid()) polled.push_back({target.get(), POLLIN, 0});
  }
  const timespec timeout = absl::ToTimespec(std::max(duration, absl::ZeroDuration()));
  ppoll(polled.data(), polled.size(), &timeout, nullptr);
  HandleSignals();
}

void Recorder::HandleSignals() {
  while (auto signal = signals_.Take()) {
    if (command_ == nullptr) {
      told_to_stop_ = true;
    } else if (!signal->from_terminal && !command_->Ended()) {
      command_->Signal(signal->number);
    }
  }
}

bool Recorder::TargetsEnded() {
  if (command_ != nullptr) return command_->Ended();
  for (Descriptor& target : targets_) {
    pollfd polled = {target.get(), POLLIN, 0};
    if (target.valid() && poll(&polled, 1, 0) > 0) target = Descriptor();
  }
  return !targets_.empty() && std::none_of(targets_.begin(), targets_.end(),
                                           [](const Descriptor& t) { return t.valid(); });
}

FinishedWindow Recorder::SampleUntilDone() {
  const absl::Duration end = sampler_->started() + options_.duration;
  // The command has the terminal to itself.
  ProgressLine progress(!options_.quiet && command_ == nullptr);
  absl::Duration progress_at = sampler_->started();
  while (true) {
    const absl::Duration before = SteadyNow();
    absl::Duration until = std::min(before + sampler_->TimeToConsume(before), end);
    if (progress.shown()) until = std::min(until, progress_at);
    Wait(until - before);
    const Moment now = Moment::Now();
    const bool done = told_to_stop_ || now.steady >= end || TargetsEnded();
    if (done) sampler_->Detach();
    sampler_->Consume(now);
    if (done) return sampler_->Close(now);
    if (progress.shown() && now.steady >= progress_at) {
      progress.Show(absl::StrCat(ProgressText(sampler_->Totals(), end - now.steady),
                                 "; Ctrl-C ends and writes"));
      progress_at = now.steady + kProgressInterval;
    }
  }
}

void Recorder::WaitForCommand() {
  while (command_ != nullptr && !command_->Ended()) Wait(absl::Hours(1));
}

absl::Status Recorder::Write(FinishedWindow window) {
  if (window.profile.samples().empty()) {
    const std::string why =
        WhyEmpty(*sampler_, window, options_.pids, command_ != nullptr, options_.rate_hz);
    if (command_ == nullptr) return absl::NotFoundError(why);
    std::fprintf(stderr, "profd: %s\n", why.c_str());  // the command did its work
    return absl::OkStatus();
  }
  FormatOptions format;
  format.process_roots = HasSeveralProcesses(window.profile);
  format.thread_roots = options_.threads;
  format.lines = options_.lines;
  format.title = Title(options_);
  format.command = CommandText(options_);
  format.with_source = options_.with_source;
  format.gzip = absl::EndsWith(output_.path, ".gz");
  Recording recording{std::move(window.profile), std::move(window.events)};
  // The first signal ended the recording; a further one ends what takes long, or blocks.
  HandleSignals();
  signals_.SetDeadly(command_ == nullptr || command_->Ended());
  auto bytes = Encode(recording, output_.format, format);
  if (!bytes.ok()) return bytes.status();
  if (!IsStream(output_)) signals_.SetDeadly(false);  // nothing half-written is left behind
  auto path = WriteOutput(output_, *bytes, user_);
  if (!path.ok()) return path.status();
  if (!options_.quiet) {
    std::fprintf(stderr, "profd: wrote %s: %s\n", Printable(*path).c_str(),
                 SummaryText(window).c_str());
  }
  return absl::OkStatus();
}

absl::Status Recorder::Run() {
  if (absl::Status status = Start(); !status.ok()) return status;
  absl::Status written = Write(SampleUntilDone());
  sampler_.reset();  // nothing is sampled for a command that runs on
  WaitForCommand();
  return written;
}

}  // namespace

RecordResult Record(const RecordOptions& options) {
  Recorder recorder(options);
  RecordResult result;
  result.status = recorder.Run();
  result.exit_code = recorder.exit_code();
  return result;
}

}  // namespace profd
