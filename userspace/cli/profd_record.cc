// profd record: one look at some processes, into one file.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/log.h"
#include "userspace/cli/usage.h"
#include "userspace/formats/format.h"
#include "userspace/record/recorder.h"
#include "userspace/text/quantities.h"

namespace profd {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd record -p 4242 -d 30s -o out.html\n"
    "  sudo profd record -o tests.html -- pytest tests/\n"
    "  sudo profd record --comm '^gunicorn' -d 1m\n"
    "Ctrl-C ends a recording and writes it.";

constexpr char kNative[] =
    "note: kernel frames and the native function on top of each stack are always shown; whole "
    "native stacks are not there yet";

struct RecordFlags {
  std::vector<std::string> pids;
  std::string comm;
  bool all_python = false;
  bool children = false;
  std::string duration;
  std::string rate;
  std::string output;
  std::string format;
  bool idle = false;
  bool gil = false;
  bool threads = false;
  bool function = false;
  bool no_lines = false;
  bool native = false;
  bool with_source = false;
  bool quiet = false;
  bool ignored = false;  // flags of py-spy for what is always so
};

// py-spy's names of formats.
absl::StatusOr<std::string> FormatName(const std::string& typed) {
  if (typed == "flamegraph") return std::string("svg");
  if (typed == "raw") return std::string("collapsed");
  if (typed == "chrometrace") {
    return absl::InvalidArgumentError(
        "--format: no chrometrace; a timeline with a track for each thread: --format firefox");
  }
  return typed;
}

absl::Status Refuse(absl::string_view flag, const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why.message()));
}

absl::StatusOr<RecordOptions> MakeOptions(const RecordFlags& flags,
                                          const std::vector<std::string>& command) {
  RecordOptions options;
  for (const std::string& text : flags.pids) {
    auto pids = ParsePids(text);
    if (!pids.ok()) return Refuse("--pid", pids.status());
    options.pids.insert(options.pids.end(), pids->begin(), pids->end());
  }
  options.comm = flags.comm;
  options.all_python = flags.all_python;
  options.command = command;
  const int chosen =
      !options.pids.empty() + !options.comm.empty() + options.all_python + !options.command.empty();
  if (chosen != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(chosen == 0 ? "record what? Give" : "give only",
                     " one of --pid PID, --comm REGEX, --all-python, -- COMMAND…"));
  }
  if (!flags.duration.empty() && flags.duration != "unlimited") {
    auto duration = ParseDuration(flags.duration);
    if (!duration.ok()) return Refuse("--duration", duration.status());
    if (*duration <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("--duration: must be longer than 0");
    }
    options.duration = *duration;
  }
  if (!flags.rate.empty()) {
    auto rate = ParseRate(flags.rate);
    if (!rate.ok()) return Refuse("--rate", rate.status());
    options.rate_hz = *rate;
  }
  auto format = FormatName(flags.format);
  if (!format.ok()) return format.status();
  options.format = *format;
  options.output = flags.output;
  options.children = flags.children;
  options.idle = flags.idle;
  options.gil_only = flags.gil;
  options.threads = flags.threads;
  if (flags.function) options.lines = FrameLines::kFirst;
  if (flags.no_lines) options.lines = FrameLines::kNone;
  options.with_source = flags.with_source;
  options.quiet = flags.quiet;
  return options;
}

int RunRecord(const RecordFlags& flags, const std::vector<std::string>& command) {
  auto options = MakeOptions(flags, command);
  if (!options.ok()) return UsageError("profd record", options.status().message());
  StartLog("warn");
  if (flags.native) std::cerr << "profd: " << kNative << "\n";
  const RecordResult result = Record(*options);
  if (result.status.ok()) return result.exit_code;
  const int failure = absl::IsInvalidArgument(result.status)
                          ? UsageError("profd record", result.status.message())
                          : Failure("profd", result.status);
  return result.exit_code != 0 ? result.exit_code : failure;
}

std::string FormatNames() {
  std::string names;
  for (const FormatInfo& info : Formats())
    absl::StrAppend(&names, names.empty() ? "" : ", ", info.name);
  return names;
}

}  // namespace

void AddRecord(CLI::App* profd, const std::vector<std::string>* command, Run* run) {
  auto flags = std::make_shared<RecordFlags>();
  CLI::App* record =
      profd->add_subcommand("record", "Sample some processes for a while, into one file");
  record->footer(kExamples);
  record->add_option("-p,--pid", flags->pids, "These processes")->type_name("PID,…");
  record->add_option("--comm", flags->comm, "Python processes whose name matches")
      ->type_name("REGEX");
  record->add_flag("--all-python", flags->all_python, "Every Python process");
  record->add_flag("-s,--subprocesses", flags->children, "Their children too, also those to come");
  record->add_option("-d,--duration", flags->duration, "10s, 1m30s [until they end, or Ctrl-C]")
      ->type_name("DURATION");
  record->add_option("-r,--rate", flags->rate, "Samples a second on each CPU [99]")
      ->type_name("RATE");
  record->add_flag("-i,--idle", flags->idle, "Threads that wait, too, and what for: wall time");
  record->add_flag("-g,--gil", flags->gil, "Only threads that hold the GIL");
  record->add_option("-o,--output", flags->output, "The file; - is standard output [a new name]")
      ->type_name("FILE");
  record
      ->add_option("-f,--format", flags->format,
                   absl::StrCat(FormatNames(), " [by the file's extension]"))
      ->type_name("FORMAT");
  record->add_flag("--with-source", flags->with_source, "Source text too, in html");
  record->add_flag("-t,--threads", flags->threads, "Threads as outermost frames");
  record->add_flag("-F,--function", flags->function,
                   "First line of functions, not the one that ran");
  record->add_flag("--nolineno", flags->no_lines, "No line numbers");
  record->add_flag("-n,--native", flags->native, "Always so: kernel frames, the native leaf");
  record->add_flag("-q,--quiet,--hideprogress", flags->quiet, "Print errors only");
  // What py-spy must be told, and we never do otherwise.
  record->add_flag("--nonblocking,--full-filenames", flags->ignored)->group("");
  record->callback(
      [flags, command, run] { *run = [flags, command] { return RunRecord(*flags, *command); }; });
}

}  // namespace profd
