// profd top on a screen.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "userspace/cli/log.h"
#include "userspace/cli/top_run.h"
#include "userspace/cli/usage.h"
#include "userspace/export/atomic_file.h"
#include "userspace/formats/output_mode.h"
#include "userspace/profile/pprof.h"
#include "userspace/record/command_output.h"
#include "userspace/record/invoking_user.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"
#include "userspace/views/live_terminal.h"

namespace profd {
namespace {

constexpr int kMaxSameSecond = 100;  // files that `w` wrote in one second
constexpr int kFewestLastRows = 5;   // of the table that stays

// The profile so far, beside where the user stands; what to say of it.
std::string WriteProfile(const Profile& profile) {
  auto bytes = EncodePprof(profile);
  if (!bytes.ok()) return absl::StrCat("not written: ", bytes.status().message());
  const std::string base = absl::StrCat(
      "profd-top-", absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
  AtomicFileOptions options;
  options.mode = kOutputMode;
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

class LiveTop {
 public:
  explicit LiveTop(const TopOptions& options) : options_(options) {}
  int Run();

 private:
  enum class End { kTargets, kUser };

  // The terminal is the screen's: the command has none of it.
  absl::StatusOr<CommandStreams> MakeStreams();
  absl::Status Start();
  absl::StatusOr<End> Show();
  void Press(const Key& key, bool* quit);
  void ChangeMode(bool idle, bool gil_only);
  void Draw() { terminal_->Draw(view().Render(terminal_->size())); }
  TopView& view() { return session_->view(); }

  void EndCommand();
  void PrintOutput();

  const TopOptions& options_;
  HeldLog log_;
  StopSignals signals_{/*quit=*/true};
  Descriptor null_;
  std::unique_ptr<CommandOutput> output_;
  uint64_t dropped_ = 0;  // of which the user was told
  std::unique_ptr<TopSession> session_;
  std::unique_ptr<LiveTerminal> terminal_;
  ScreenSize last_size_;
  LiveTerminal::Input end_;  // why the user ended it
};

absl::StatusOr<CommandStreams> LiveTop::MakeStreams() {
  CommandStreams streams;
  if (options_.sampling.command.empty()) return streams;
  auto output = CommandOutput::Create();
  if (!output.ok()) return output.status();
  output_ = *std::move(output);
  streams.output = output_->write_end();
  // For the command to open /dev/stdout again.
  if (const InvokingUser user = WhoInvoked(); user.behind_sudo) {
    (void)!fchown(streams.output, user.uid, user.gid);
  }
  if (isatty(STDERR_FILENO)) streams.error = output_->write_end();
  if (isatty(STDIN_FILENO)) {
    null_ = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    streams.input = null_.get();
  }
  return streams;
}

absl::Status LiveTop::Start() {
  if (!signals_.status().ok()) return signals_.status();
  auto streams = MakeStreams();
  if (!streams.ok()) return streams.status();
  auto session = TopSession::Create(options_, signals_.before(), *streams);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  if (output_ != nullptr) output_->CloseWriteEnd();
  BlockTerminalSignals();
  auto terminal = LiveTerminal::Open("--once prints one table, for pipes and files");
  if (!terminal.ok()) return terminal.status();
  terminal_ = *std::move(terminal);
  view().set_has_colour(terminal_->has_colour());
  view().Say("starting…");
  Draw();
  std::string note = options_.note;
  absl::Status status = session_->Start(&note);
  view().Say(note);
  return status;
}

absl::StatusOr<LiveTop::End> LiveTop::Show() {
  bool redraw = true;
  while (true) {
    if (redraw) Draw();
    std::vector<int> others = session_->Descriptors();
    if (output_ != nullptr) others.push_back(output_->descriptor());
    const LiveTerminal::Input input = terminal_->Wait(session_->TimeToWork(), others);
    redraw = input.redraw || !input.keys.empty();
    if (output_ != nullptr) output_->Read();
    bool quit = input.stop;
    for (const Key& key : input.keys) Press(key, &quit);
    if (session_->targets().Ended()) return End::kTargets;
    if (quit) {
      end_ = input;
      return End::kUser;
    }
    const absl::StatusOr<bool> is_new = session_->Work();
    if (!is_new.ok()) return is_new.status();
    redraw |= *is_new;
  }
}

void LiveTop::Press(const Key& key, bool* quit) {
  const bool idle = view().options().idle;
  const bool gil_only = view().options().gil_only;
  switch (view().Press(key, terminal_->size())) {
    case TopView::Action::kNone:
      break;
    case TopView::Action::kQuit:
      *quit = true;
      break;
    case TopView::Action::kWrite:
      view().Say(WriteProfile(view().profile()));
      break;
    case TopView::Action::kIdle:
      ChangeMode(!idle, gil_only);
      break;
    case TopView::Action::kGil:
      ChangeMode(idle, !gil_only);
      break;
  }
}

void LiveTop::ChangeMode(bool idle, bool gil_only) {
  view().Say("starting again…");
  Draw();
  const absl::Status status = session_->SetMode(idle, gil_only);
  view().Say(status.ok() ? "" : std::string(status.message()));
}

void LiveTop::PrintOutput() {
  const std::string text = output_->Take();
  const uint64_t lost = output_->dropped() - std::exchange(dropped_, output_->dropped());
  if (lost > 0) {
    std::cerr << "profd: what the command printed last; "
              << CountText(static_cast<int64_t>(lost), "byte") << " before it are lost\n";
  }
  std::cout << text << std::flush;
}

// The display is gone; the command is asked to end, and is waited for.
void LiveTop::EndCommand() {
  Command& command = *session_->command();
  // Ctrl-Z stops us like the command.
  signal(SIGTSTP, SIG_DFL);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);

  const std::string who = absl::StrCat(Printable(command.name()), " (", command.pid(), ")");
  if (end_.from_terminal) {  // to the command, too
    std::cerr << "profd: waiting for " << who << " to end\n";
  } else {
    const int signal = end_.signal != 0 ? end_.signal : SIGTERM;
    command.Signal(signal);
    std::cerr << "profd: sent SIG" << sigabbrev_np(signal) << " to " << who
              << ", waiting for it to end\n";
  }
  while (!command.Ended()) {
    pollfd polled[] = {{signals_.descriptor(), POLLIN, 0},
                       {command.descriptor(), POLLIN, 0},
                       {output_->descriptor(), POLLIN, 0}};
    poll(polled, std::size(polled), -1);
    output_->Read();
    PrintOutput();
    TakeSignals(&signals_, &command);
  }
}

int LiveTop::Run() {
  if (absl::Status status = Start(); !status.ok()) {
    terminal_.reset();
    const int failure = Failure("profd", status);
    const int own = session_ == nullptr ? 0 : session_->exit_code();
    return own != 0 ? own : failure;
  }
  const absl::StatusOr<End> end = Show();
  const ScreenSize size = terminal_->size();
  terminal_.reset();  // first: to end the sampler can take a moment
  if (!end.ok()) return Failure("profd", end.status());
  if (session_->command() == nullptr && *end == End::kUser) return 0;
  session_->Finish();
  if (session_->command() != nullptr) {
    PrintOutput();
    if (*end == End::kUser) EndCommand();
    output_->Read();
    PrintOutput();
  }
  // Half of the window: what the command said last stays in sight.
  std::cout << session_->LastTable({size.columns, std::max(size.rows / 2, kFewestLastRows)})
            << std::flush;
  if (const std::string why = session_->WhyNothing(); !why.empty()) {
    std::cerr << "profd: " << why << "\n";
  }
  std::cerr << "profd: " << session_->EndText() << "\n";
  return session_->exit_code();
}

}  // namespace

int RunTopOnScreen(const TopOptions& options) { return LiveTop(options).Run(); }

}  // namespace profd
