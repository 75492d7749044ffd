// profd top: where the time goes right now, as a table that follows it.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "userspace/cli/commands.h"
#include "userspace/cli/process_flags.h"
#include "userspace/cli/top_run.h"
#include "userspace/cli/usage.h"
#include "userspace/text/quantities.h"
#include "userspace/views/cells.h"

namespace profd {
namespace {

constexpr absl::Duration kShortestDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(10);

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd top                       every Python process; ? shows the keys\n"
    "  sudo profd top -p 4242 --delay 0.5\n"
    "  sudo profd top -- python app.py      a command, until it ends; q ends it\n"
    "  sudo profd top --once | head -20     one table, for pipes; --json for programs";

struct TopFlags {
  ProcessFlags processes;
  std::string delay = "1s";
  bool by_line = false;
  bool full_filenames = false;
  bool once = false;
  bool json = false;
  bool function = false;  // of py-spy: so unless --lines
  bool locals = false;
  std::string file;      // --output, --format
  std::string duration;  // of record
};

// What others have, and where it is to be had.
absl::Status RefuseOthers(const TopFlags& flags) {
  if (flags.locals) {
    return absl::InvalidArgumentError(
        "--locals: local variables are not read: they are the program's data; profd dump -p PID "
        "prints the stacks");
  }
  if (!flags.file.empty()) {
    return absl::InvalidArgumentError(
        "no file is written, except by the key w; profd record -o FILE writes one");
  }
  if (!flags.duration.empty()) {
    return absl::InvalidArgumentError(
        "--duration: it runs until q; --once --delay 10s prints one table of 10 s, profd record "
        "-d writes a file");
  }
  return absl::OkStatus();
}

absl::StatusOr<TopOptions> MakeOptions(const TopFlags& flags,
                                       const std::vector<std::string>& command) {
  if (absl::Status refused = RefuseOthers(flags); !refused.ok()) return refused;
  TopOptions options;
  auto sampling = ParseProcessFlags(flags.processes, command, /*all_by_default=*/true);
  if (!sampling.ok()) return sampling.status();
  options.sampling = *std::move(sampling);
  auto delay = ParseDuration(flags.delay);
  if (!delay.ok()) return Refuse("--delay", delay.status());
  if (*delay < kShortestDelay || *delay > kLongestDelay) {
    return absl::InvalidArgumentError("--delay: must be 100ms to 10s");
  }
  options.delay = *delay;
  options.by_line = flags.by_line;
  options.full_filenames = flags.full_filenames;
  options.json = flags.json;
  if (flags.processes.native) options.note = kNativeNote;
  return options;
}

int RunTop(const TopFlags& flags, const std::vector<std::string>& command) {
  const auto options = MakeOptions(flags, command);
  if (!options.ok()) return UsageError("profd top", options.status().message());
  SetTerminalLocale();
  return flags.once || flags.json ? RunTopOnce(*options) : RunTopOnScreen(*options);
}

}  // namespace

void AddTop(CLI::App* profd, const std::vector<std::string>* command, Run* run) {
  auto flags = std::make_shared<TopFlags>();
  CLI::App* top = profd->add_subcommand("top", "Show live what takes the time");
  AddProcessFlags(top, &flags->processes);
  top->add_option("-d,--delay", flags->delay, "Between two refreshes, 100ms to 10s [1s]")
      ->type_name("DURATION");
  top->add_flag("-l,--lines", flags->by_line, "A row a line, not a function");
  top->add_flag("--full-filenames", flags->full_filenames, "Files with their whole path");
  top->add_flag("--once", flags->once,
                "Print one table and end: the first; of a command, all of it; needs no terminal");
  top->add_flag("--json", flags->json, "The same as JSON");
  top->add_flag("-F,--function", flags->function)->group("");
  top->add_flag("--locals", flags->locals)->group("");
  top->add_option("-o,--output,-f,--format", flags->file)->group("");
  top->add_option("--duration", flags->duration)->group("");
  top->footer(kExamples);
  top->callback(
      [flags, command, run] { *run = [flags, command] { return RunTop(*flags, *command); }; });
}

}  // namespace profd
