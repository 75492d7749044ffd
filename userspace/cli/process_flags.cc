#include "userspace/cli/process_flags.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "userspace/text/printable.h"
#include "userspace/text/quantities.h"

namespace profd {

const char kNativeNote[] =
    "note: kernel frames and the native function on top of each stack are always shown; whole "
    "native stacks are not there yet";

namespace {

// "--" and what is behind it are not the parser's to know.
class UsageWithCommand : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string name) const override {
    return absl::StrCat("Usage: ", name, " [OPTIONS] [-- COMMAND…]\n");
  }
};

}  // namespace

void AddProcessFlags(CLI::App* app, ProcessFlags* flags) {
  app->add_option("-p,--pid", flags->pids, "These processes")->type_name("PID");
  app->add_option("--comm", flags->comm, "Python processes whose name matches")->type_name("REGEX");
  app->add_flag("--all-python", flags->all_python, "Every Python process");
  app->add_flag("-s,--subprocesses", flags->children, "Their children too, also those to come");
  app->add_option("-r,--rate", flags->rate, "Samples a second on each CPU [99]")->type_name("RATE");
  app->add_flag("-i,--idle", flags->idle, "Threads that wait, too, and what for: wall time");
  app->add_flag("-g,--gil", flags->gil, "Only threads that hold the GIL");
  app->add_flag("-n,--native", flags->native, "Always so: kernel frames, the native leaf");
  app->add_flag("--nonblocking", flags->nonblocking)->group("");
  app->add_option("command", flags->misplaced)->group("");
  app->formatter(std::make_shared<UsageWithCommand>());
}

absl::Status Refuse(absl::string_view flag, const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why.message()));
}

absl::StatusOr<SamplingOptions> ParseProcessFlags(const ProcessFlags& flags,
                                                  const std::vector<std::string>& command,
                                                  bool all_by_default) {
  if (!flags.misplaced.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown argument ",
                                                   Printable(flags.misplaced[0]),
                                                   "; a command stands behind --, as -- python "
                                                   "app.py"));
  }
  SamplingOptions options;
  for (const std::string& text : flags.pids) {
    auto pids = ParsePids(text);
    if (!pids.ok()) return Refuse("--pid", pids.status());
    options.pids.insert(options.pids.end(), pids->begin(), pids->end());
  }
  if (!flags.comm.empty()) {
    auto pattern = Selection::CommPattern(flags.comm);
    if (!pattern.ok()) return Refuse("--comm", pattern.status());
  }
  options.comm = flags.comm;
  options.all_python = flags.all_python;
  options.command = command;
  const int chosen =
      !options.pids.empty() + !options.comm.empty() + options.all_python + !options.command.empty();
  if (chosen > 1 || (chosen == 0 && !all_by_default)) {
    return absl::InvalidArgumentError(
        absl::StrCat(chosen == 0 ? "of what? Give" : "give only",
                     " one of --pid PID, --comm REGEX, --all-python, -- COMMAND…"));
  }
  options.all_python |= chosen == 0;
  if (flags.children && options.pids.empty() && options.command.empty()) {
    return absl::InvalidArgumentError("--subprocesses needs --pid");
  }
  options.children = flags.children;
  if (!flags.rate.empty()) {
    auto rate = ParseRate(flags.rate);
    if (!rate.ok()) return Refuse("--rate", rate.status());
    options.rate_hz = *rate;
  }
  options.idle = flags.idle;
  options.gil_only = flags.gil;
  return options;
}

}  // namespace profd
