// profd top: where the time goes right now, as a table that follows it.
#include <poll.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/usage.h"
#include "userspace/export/atomic_file.h"
#include "userspace/profile/pprof.h"
#include "userspace/record/invoking_user.h"
#include "userspace/sampling/sampler.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/text/quantities.h"
#include "userspace/views/cells.h"
#include "userspace/views/live_terminal.h"
#include "userspace/views/top_text.h"
#include "userspace/views/top_view.h"

namespace profd {
namespace {

constexpr absl::Duration kShortestDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(10);
constexpr int kMaxSameSecond = 100;  // files that `w` wrote in one second

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd top                       every Python process; ? shows the keys\n"
    "  sudo profd top -p 4242 --delay 0.5\n"
    "  sudo profd top --once | head -20     one table, for pipes; --json for programs";

struct TopFlags {
  std::vector<std::string> pids;
  std::string comm;
  bool all_python = false;
  bool with_descendants = false;
  std::string rate = "99";
  std::string delay = "1s";
  bool by_line = false;
  bool once = false;
  bool json = false;
  bool ignored = false;  // flags of py-spy for what is always so
};

struct TopOptions {
  Sampler::Options sampler;
  double rate_hz = 99;
  absl::Duration delay;
  bool by_line = false;
  bool json = false;
};

absl::StatusOr<Selection> MakeSelection(const TopFlags& flags) {
  const int chosen = !flags.pids.empty() + !flags.comm.empty() + flags.all_python;
  if (chosen > 1) {
    return absl::InvalidArgumentError("--pid, --comm and --all-python exclude each other");
  }
  if (flags.with_descendants && flags.pids.empty()) {
    return absl::InvalidArgumentError("--subprocesses needs --pid");
  }
  if (!flags.pids.empty()) {
    std::vector<pid_t> all;
    for (const std::string& text : flags.pids) {
      auto pids = ParsePids(text);
      if (!pids.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--pid: ", pids.status().message()));
      }
      all.insert(all.end(), pids->begin(), pids->end());
    }
    if (!AnyExists(all)) return absl::NotFoundError("no process has an ID that --pid names");
    return flags.with_descendants ? Selection::Trees(all) : Selection::Pids(all);
  }
  if (!flags.comm.empty()) {
    auto selection = Selection::CommPattern(flags.comm);
    if (!selection.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--comm: ", selection.status().message()));
    }
    return selection;
  }
  return Selection::All();
}

absl::StatusOr<TopOptions> MakeOptions(const TopFlags& flags) {
  TopOptions options;
  auto selection = MakeSelection(flags);
  if (!selection.ok()) return selection.status();
  options.sampler.selection = *std::move(selection);
  auto rate = ParseRate(flags.rate);
  if (!rate.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--rate: ", rate.status().message()));
  }
  options.rate_hz = *rate;
  options.sampler.gil = true;
  options.sampler.period_ns = PeriodNs(*rate);
  auto delay = ParseDuration(flags.delay);
  if (!delay.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--delay: ", delay.status().message()));
  }
  if (*delay < kShortestDelay || *delay > kLongestDelay) {
    return absl::InvalidArgumentError("--delay: must be 100ms to 10s");
  }
  options.delay = *delay;
  options.by_line = flags.by_line;
  options.json = flags.json;
  return options;
}

TopFacts FactsOf(const FinishedWindow& window, double wanted_hz) {
  TopFacts facts;
  facts.processes = window.processes;
  const double cpu_seconds = static_cast<double>(window.accounting.events.enabled_ns) / 1e9;
  if (cpu_seconds > 0) {
    facts.rate_hz = static_cast<double>(window.accounting.fired()) / cpu_seconds;
  }
  facts.wanted_hz = wanted_hz;
  facts.cpu = window.cpu;
  facts.duration = window.duration;
  facts.samples = window.samples;
  if (window.duration > absl::ZeroDuration()) {
    facts.gil_held = absl::FDivDuration(window.gil_held, window.duration);
  }
  facts.lost = window.accounting.Lost();
  facts.imperfect = window.accounting.Imperfect();
  return facts;
}

// The profile so far, beside where the user stands; what to say of it.
std::string WriteProfile(const Profile& profile) {
  auto bytes = EncodePprof(profile);
  if (!bytes.ok()) return absl::StrCat("not written: ", bytes.status().message());
  const std::string base = absl::StrCat(
      "profd-top-", absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
  AtomicFileOptions options;
  options.if_exists = IfExists::kFail;
  const InvokingUser user = WhoInvoked();
  options.owner = user.uid;
  options.group = user.gid;
  for (int number = 1; number <= kMaxSameSecond; ++number) {
    const std::string path =
        absl::StrCat(base, number == 1 ? "" : absl::StrCat("-", number), ".pb.gz");
    const absl::Status written = WriteFile(path, *bytes, options);
    if (written.ok()) return absl::StrCat("written: ", path);
    if (!absl::IsAlreadyExists(written)) return absl::StrCat("not written: ", written.message());
  }
  return absl::StrCat("not written: ", base, ".pb.gz and its like exist");
}

class Top {
 public:
  // Loads what runs in the kernel.
  static absl::StatusOr<std::unique_ptr<Top>> Create(const TopOptions& options) {
    auto sampler = Sampler::Create(options.sampler);
    if (!sampler.ok()) return sampler.status();
    return std::unique_ptr<Top>(new Top(options, *std::move(sampler)));
  }

  absl::Status Start() {
    absl::Status status = sampler_->Start();
    next_refresh_ = sampler_->started() + options_.delay;
    return status;
  }

  ~Top() { sampler_->Stop(); }

  TopView& view() { return view_; }

  absl::Duration TimeToSleep() const {
    const absl::Duration now = SteadyNow();
    return std::min(sampler_->TimeToConsume(now), next_refresh_ - now);
  }

  // True when the view has a new interval.
  bool Work(bool is_last) {
    const Moment moment = Moment::Now();
    if (is_last) sampler_->Detach();
    sampler_->Consume(moment);
    if (moment.steady < next_refresh_ && !is_last) return false;
    const FinishedWindow window = sampler_->Close(moment);
    view_.Add(window.profile, FactsOf(window, options_.rate_hz));
    next_refresh_ = std::max(next_refresh_ + options_.delay, moment.steady + options_.delay / 2);
    return true;
  }

 private:
  Top(const TopOptions& options, std::unique_ptr<Sampler> sampler)
      : options_(options), sampler_(std::move(sampler)), view_({.by_line = options.by_line}) {}

  const TopOptions options_;
  const std::unique_ptr<Sampler> sampler_;
  TopView view_;
  absl::Duration next_refresh_;
};

// What the screen must not be written over with is said when it is given back.
class HeldLog {
 public:
  HeldLog() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("profd", sink_));
    spdlog::set_level(spdlog::level::warn);
  }
  ~HeldLog() {
    for (const std::string& line : sink_->last_formatted()) std::cerr << "profd: " << line;
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("profd"));
  }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(20);
};

int RunOnScreen(const TopOptions& options) {
  HeldLog log;
  auto created = Top::Create(options);
  if (!created.ok()) return Failure("profd", created.status());
  Top& top = **created;
  auto terminal = LiveTerminal::Open("--once prints one table, for pipes and files");
  if (!terminal.ok()) return Failure("profd", terminal.status());
  top.view().set_has_colour((*terminal)->has_colour());
  top.view().Say("starting…");
  (*terminal)->Draw(top.view().Render((*terminal)->size()));
  if (absl::Status status = top.Start(); !status.ok()) {
    terminal->reset();
    return Failure("profd", status);
  }
  top.view().Say("");
  bool redraw = true;
  while (true) {
    if (redraw) (*terminal)->Draw(top.view().Render((*terminal)->size()));
    const LiveTerminal::Input input = (*terminal)->Wait(top.TimeToSleep());
    redraw = input.redraw || !input.keys.empty();
    bool stop = input.stop;
    for (const Key& key : input.keys) {
      const TopView::Action action = top.view().Press(key, (*terminal)->size());
      stop |= action == TopView::Action::kQuit;
      if (action == TopView::Action::kWrite) top.view().Say(WriteProfile(top.view().profile()));
    }
    if (stop) break;
    redraw |= top.Work(/*is_last=*/false);
  }
  terminal->reset();  // first: to end the sampler can take a moment
  return 0;
}

int RunOnce(const TopOptions& options) {
  StopSignals signals(/*quit=*/true);
  if (!signals.status().ok()) return Failure("profd", signals.status());
  HeldLog log;
  auto created = Top::Create(options);
  if (!created.ok()) return Failure("profd", created.status());
  Top& top = **created;
  if (absl::Status status = top.Start(); !status.ok()) return Failure("profd", status);
  bool done = false;
  while (!done) {
    const absl::Duration sleep = std::max(top.TimeToSleep(), absl::ZeroDuration());
    const timespec time = absl::ToTimespec(sleep);
    pollfd told = {signals.descriptor(), POLLIN, 0};
    const bool is_told = ppoll(&told, 1, &time, nullptr) > 0;
    done = top.Work(is_told) || is_told;
  }
  std::cout << (options.json ? TopJson(top.view()) : TopText(top.view())) << std::flush;
  if (!std::cout) return Failure("profd", absl::DataLossError("standard output cannot be written"));
  return 0;
}

int RunTop(const TopFlags& flags) {
  const auto options = MakeOptions(flags);
  if (absl::IsNotFound(options.status())) return Failure("profd", options.status());
  if (!options.ok()) return UsageError("profd top", options.status().message());
  SetTerminalLocale();
  if (flags.once || flags.json) return RunOnce(*options);
  BlockTerminalSignals();
  return RunOnScreen(*options);
}

}  // namespace

void AddTop(CLI::App* profd, Run* run) {
  auto flags = std::make_shared<TopFlags>();
  CLI::App* top = profd->add_subcommand("top", "Show live what takes the time");
  top->add_option("-p,--pid", flags->pids, "These processes")->type_name("PID,…");
  top->add_flag("-s,--subprocesses", flags->with_descendants, "Also what they start; needs --pid");
  top->add_option("--comm", flags->comm, "Python processes whose name matches")->type_name("REGEX");
  top->add_flag("--all-python", flags->all_python, "Every Python process (the default)");
  top->add_option("-r,--rate", flags->rate, "Samples a second on each CPU: 99, 1khz [99]")
      ->type_name("RATE");
  top->add_option("-d,--delay", flags->delay, "Between two refreshes, 100ms to 10s [1s]")
      ->type_name("DURATION");
  top->add_flag("-l,--lines", flags->by_line, "A row a line, not a function");
  top->add_flag("--once", flags->once, "Print the first table and end; needs no terminal");
  top->add_flag("--json", flags->json, "The same as JSON");
  top->add_flag("-n,--native,-F,--function,--nonblocking,--full-filenames", flags->ignored)
      ->group("");
  top->footer(kExamples);
  top->callback([flags, run] { *run = [flags] { return RunTop(*flags); }; });
}

}  // namespace profd
