#include "userspace/record/recorder.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "userspace/collector/clock.h"
#include "userspace/export/destination.h"
#include "userspace/profile/recording.h"
#include "userspace/record/empty_recording.h"
#include "userspace/record/invoking_user.h"
#include "userspace/record/output.h"
#include "userspace/record/progress.h"
#include "userspace/record/targets.h"
#include "userspace/sampling/sampler.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr absl::Duration kProgressInterval = absl::Seconds(1);
constexpr absl::Duration kShortPause = absl::Milliseconds(20);

std::string Subject(const SamplingOptions& options) {
  if (!options.command.empty()) {
    const std::string& word = options.command[0];
    return word.substr(word.rfind('/') + 1);
  }
  if (!options.pids.empty()) return absl::StrCat(options.pids[0]);
  return options.all_python ? "all" : options.comm;
}

// What a reader shall see as the recording's name. Of a command no arguments: they may be secret.
std::string Title(const SamplingOptions& options) {
  if (!options.command.empty()) return Printable(Subject(options));
  if (!options.pids.empty()) {
    return absl::StrCat("process ", absl::StrJoin(options.pids, ", "));
  }
  return options.all_python ? "all Python processes"
                            : absl::StrCat("processes named ", Printable(options.comm));
}

// As it could be typed again.
std::string CommandText(const RecordOptions& record) {
  const SamplingOptions& options = record.sampling;
  std::string text = "profd record";
  if (!options.pids.empty()) absl::StrAppend(&text, " -p ", absl::StrJoin(options.pids, ","));
  if (!options.comm.empty()) absl::StrAppend(&text, " --comm '", Printable(options.comm), "'");
  if (options.all_python) absl::StrAppend(&text, " --all-python");
  if (options.children) absl::StrAppend(&text, " -s");
  if (options.idle) absl::StrAppend(&text, " -i");
  if (options.gil_only) absl::StrAppend(&text, " -g");
  absl::StrAppend(&text, " -r ", options.rate_hz);
  if (record.duration < absl::InfiniteDuration()) {
    absl::StrAppend(&text, " -d ", absl::FormatDuration(record.duration));
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
      : options_(options), signals_(/*quit=*/!options.sampling.command.empty()) {}

  // An error before or in sampling: nothing is written.
  absl::Status Run();
  int exit_code() const { return command() == nullptr ? 0 : command()->exit_code(); }

 private:
  Command* command() const { return targets_ == nullptr ? nullptr : targets_->command(); }
  absl::Status Start();
  absl::Status CheckTargets();
  FinishedWindow SampleUntilDone();
  void Wait(absl::Duration duration);
  void HandleSignals();
  // For the command, after the recording's end.
  void WaitForCommand();
  absl::Status Write(FinishedWindow window);
  // Returns the file's name.
  absl::StatusOr<std::string> Store(const Output& output, absl::string_view bytes);
  // What is too large for the wanted format is kept as it was recorded. Returns what to say of it.
  absl::Status WriteInstead(const Recording& recording, const absl::Status& why);

  const RecordOptions& options_;
  const InvokingUser user_ = WhoInvoked();
  StopSignals signals_;
  bool told_to_stop_ = false;
  Output output_;
  std::unique_ptr<Targets> targets_;
  std::unique_ptr<Sampler> sampler_;
};

absl::Status Recorder::Start() {
  if (!signals_.status().ok()) return signals_.status();
  const SamplingOptions& sampling = options_.sampling;
  auto output = ChooseOutput(options_.output, options_.format, Subject(sampling), absl::Now());
  if (!output.ok()) return output.status();
  output_ = *std::move(output);
  auto targets = Targets::Prepare(sampling, user_, signals_.before());
  if (!targets.ok()) return targets.status();
  targets_ = *std::move(targets);
  Sampler::Options options = targets_->MakeSamplerOptions();
  options.keep_times = InfoOf(output_.format).times;
  auto sampler = Sampler::Create(options);
  if (!sampler.ok()) return sampler.status();
  sampler_ = *std::move(sampler);
  if (absl::Status status = sampler_->Start(); !status.ok()) return status;
  if (sampling.idle && sampler_->waiting_stats() == nullptr) {
    std::fprintf(stderr, "profd: --idle: %s\n", sampler_->KernelLacks().c_str());
  }
  if (command() != nullptr) return command()->Release();
  return CheckTargets();
}

absl::Status Recorder::CheckTargets() {
  const absl::Duration end = SteadyNow() + Targets::kTimeToBecomePython;
  while (!targets_->AnyIsPython(*sampler_) && !targets_->Ended()) {
    if (SteadyNow() > end) return targets_->CheckPython(*sampler_);
    Wait(kShortPause);
    sampler_->Consume(Moment::Now());
    if (told_to_stop_) break;
  }
  return absl::OkStatus();
}

void Recorder::Wait(absl::Duration duration) {
  std::vector<pollfd> polled = {{signals_.descriptor(), POLLIN, 0},
                                {sampler_ == nullptr ? -1 : sampler_->descriptor(), POLLIN, 0}};
  for (int target : targets_->descriptors()) polled.push_back({target, POLLIN, 0});
  const timespec timeout = absl::ToTimespec(std::max(duration, absl::ZeroDuration()));
  ppoll(polled.data(), polled.size(), &timeout, nullptr);
  HandleSignals();
}

void Recorder::HandleSignals() {
  if (TakeSignals(&signals_, command())) told_to_stop_ = true;
}

FinishedWindow Recorder::SampleUntilDone() {
  const absl::Duration end = sampler_->started() + options_.duration;
  // The command has the terminal to itself.
  ProgressLine progress(!options_.quiet && command() == nullptr);
  absl::Duration progress_at = sampler_->started();
  while (true) {
    const absl::Duration before = SteadyNow();
    absl::Duration until = std::min(before + sampler_->TimeToConsume(before), end);
    if (progress.shown()) until = std::min(until, progress_at);
    Wait(until - before);
    const Moment now = Moment::Now();
    const bool done = told_to_stop_ || now.steady >= end || targets_->Ended();
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
  while (command() != nullptr && !command()->Ended()) Wait(absl::Hours(1));
}

absl::StatusOr<std::string> Recorder::Store(const Output& output, absl::string_view bytes) {
  if (!IsStream(output.path)) signals_.SetDeadly(false);  // nothing half-written is left behind
  return WriteOutput(output, bytes, user_);
}

absl::Status Recorder::WriteInstead(const Recording& recording, const absl::Status& why) {
  const Output output = AsRecording(output_);
  auto bytes = Encode(recording, output.format);
  if (!bytes.ok()) return why;
  auto path = Store(output, *bytes);
  if (!path.ok()) return path.status();
  return absl::Status(why.code(), absl::StrCat(why.message(), "\nhint: all of it is in ", *path,
                                               ": profctl convert ", *path, " --to +5m -f ",
                                               InfoOf(output_.format).name));
}

absl::Status Recorder::Write(FinishedWindow window) {
  if (window.profile.samples().empty()) {
    const std::string why = absl::StrCat("nothing to write: ",
                                         WhyEmpty(*sampler_, window, options_.sampling.pids,
                                                  command() != nullptr, options_.sampling.rate_hz));
    if (command() == nullptr) return absl::NotFoundError(why);
    std::fprintf(stderr, "profd: %s\n", why.c_str());  // the command did its work
    return absl::OkStatus();
  }
  FormatOptions format;
  format.process_roots = HasSeveralProcesses(window.profile);
  format.thread_roots = options_.threads;
  format.lines = options_.lines;
  format.title = Title(options_.sampling);
  format.command = CommandText(options_);
  format.with_source = options_.with_source;
  format.gzip = absl::EndsWith(output_.path, ".gz");
  Recording recording{std::move(window.profile), std::move(window.events)};
  // The first signal ended the recording; a further one ends what takes long, or blocks.
  HandleSignals();
  signals_.SetDeadly(command() == nullptr || command()->Ended());
  auto bytes = Encode(recording, output_.format, format);
  if (absl::IsResourceExhausted(bytes.status()) && output_.format != Format::kOtlp) {
    return WriteInstead(recording, bytes.status());
  }
  if (!bytes.ok()) return bytes.status();
  auto path = Store(output_, *bytes);
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
