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
#include "userspace/cli/process_flags.h"
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

struct RecordFlags {
  ProcessFlags processes;
  std::string duration;
  std::string output;
  std::string format;
  bool threads = false;
  bool function = false;
  bool no_lines = false;
  bool with_source = false;
  bool quiet = false;
  bool full_filenames = false;  // of py-spy: always so
};

absl::StatusOr<RecordOptions> MakeOptions(const RecordFlags& flags,
                                          const std::vector<std::string>& command) {
  RecordOptions options;
  auto sampling = ParseProcessFlags(flags.processes, command, /*all_by_default=*/false);
  if (!sampling.ok()) return sampling.status();
  options.sampling = *std::move(sampling);
  if (!flags.duration.empty() && flags.duration != "unlimited") {
    auto duration = ParseDuration(flags.duration);
    if (!duration.ok()) return Refuse("--duration", duration.status());
    if (*duration <= absl::ZeroDuration()) {
      return absl::InvalidArgumentError("--duration: must be longer than 0");
    }
    options.duration = *duration;
  }
  options.format = flags.format;
  options.output = flags.output;
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
  if (flags.processes.native) std::cerr << "profd: " << kNativeNote << "\n";
  const RecordResult result = Record(*options);
  if (result.status.ok()) return result.exit_code;
  const int failure = absl::IsInvalidArgument(result.status)
                          ? UsageError("profd record", result.status.message())
                          : Failure("profd", result.status);
  return result.exit_code != 0 ? result.exit_code : failure;
}

}  // namespace

void AddRecord(CLI::App* profd, const std::vector<std::string>* command, Run* run) {
  auto flags = std::make_shared<RecordFlags>();
  CLI::App* record =
      profd->add_subcommand("record", "Sample some processes for a while, into one file");
  record->footer(kExamples);
  AddProcessFlags(record, &flags->processes);
  record->add_option("-d,--duration", flags->duration, "10s, 1m30s [until they end, or Ctrl-C]")
      ->type_name("DURATION");
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
  record->add_flag("-q,--quiet,--hideprogress", flags->quiet, "Print errors only");
  record->add_flag("--full-filenames", flags->full_filenames)->group("");
  record->callback(
      [flags, command, run] { *run = [flags, command] { return RunRecord(*flags, *command); }; });
}

}  // namespace profd
