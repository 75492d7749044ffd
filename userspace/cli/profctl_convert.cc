// profctl convert: a profile or recording in another format.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/filter_flags.h"
#include "userspace/cli/inputs.h"
#include "userspace/cli/usage.h"
#include "userspace/export/destination.h"
#include "userspace/formats/format.h"
#include "userspace/formats/join.h"
#include "userspace/formats/output_mode.h"

namespace profd {
namespace {

struct ConvertOptions {
  std::vector<std::string> files;
  std::string format;
  std::string output;
  std::string lines;
  bool processes = false;
  bool threads = false;
  FilterOptions filter;
};

absl::StatusOr<std::shared_ptr<const Recording>> ReadAll(const std::vector<std::string>& paths,
                                                         const Filter& filter) {
  auto files = ExpandInputs(paths);
  if (!files.ok()) return files.status();
  if (files->size() == 1 && filter.is_empty()) return ReadInput(files->front().path);
  Joiner joiner;
  absl::Status status = ForEachInput(
      *files, filter, [&](const Recording& recording) { return joiner.Add(recording); });
  if (!status.ok()) return status;
  return std::make_shared<const Recording>(std::move(joiner).Finish());
}

// The first file's name in this directory, with the format's extension in place of its own.
std::string MadeName(const std::vector<std::string>& files, const FormatInfo& format) {
  std::string name = files[0] == "-" ? "profile" : files[0].substr(files[0].rfind('/') + 1);
  if (absl::EndsWith(name, ".gz")) name.resize(name.size() - 3);
  const size_t dot = name.find_last_of('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  return absl::StrCat(name, format.extension);
}

int Convert(const ConvertOptions& options) {
  FormatOptions format_options{.process_roots = options.processes, .thread_roots = options.threads};
  if (options.lines == "executed") format_options.lines = FrameLines::kExecuted;
  if (options.lines == "function") format_options.lines = FrameLines::kFirst;
  if (options.lines == "none") format_options.lines = FrameLines::kNone;
  if (!options.lines.empty() && !format_options.lines) {
    return UsageError("profctl", "--lines: one of executed, function, none");
  }
  const bool named = !options.output.empty() && !IsStandardOutput(options.output);
  if (options.format.empty() && !named) {
    return UsageError("profctl", absl::StrCat("which format? -f with one of ", FormatNames(),
                                              ", or -o FILE with its extension"));
  }
  const absl::StatusOr<Format> format =
      options.format.empty() ? FormatByPath(options.output) : FormatByName(options.format);
  if (!format.ok()) return UsageError("profctl", format.status().message());
  format_options.gzip = named && absl::EndsWith(options.output, ".gz");
  format_options.title =
      absl::StrJoin(options.files, ", ", [](std::string* out, absl::string_view file) {
        absl::StrAppend(out, file.substr(file.rfind('/') + 1));
      });
  format_options.command = absl::StrCat("profctl convert ", absl::StrJoin(options.files, " "));

  const auto filter = Filter::Create(options.filter);
  if (!filter.ok()) return UsageError("profctl", filter.status().message());
  const auto recording = ReadAll(options.files, *filter);
  if (!recording.ok()) return Failure("profctl", recording.status());
  if ((*recording)->profile.samples().empty() && !filter->is_empty()) {
    std::cerr << "note: no samples match the filters\n";
  }
  const absl::StatusOr<std::string> file = Encode(**recording, *format, format_options);
  if (!file.ok()) return Failure("profctl", file.status());

  const bool made = options.output.empty() && isatty(STDOUT_FILENO);
  const std::string path = made                     ? MadeName(options.files, InfoOf(*format))
                           : options.output.empty() ? "-"
                                                    : options.output;
  const IfExists if_exists = made ? IfExists::kFail : IfExists::kReplace;
  if (absl::Status s = WriteTo(path, *file, {.mode = kOutputMode, .if_exists = if_exists});
      !s.ok()) {
    return Failure("profctl", s);
  }
  if (made) std::cerr << "profctl: wrote " << path << "\n";
  return 0;
}

}  // namespace

void AddConvert(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* convert =
      profctl->add_subcommand("convert", "Write profiles or recordings in another format");
  convert
      ->add_option("files", options->files,
                   "pprof, recordings (OTLP), collapsed stacks, or directories, added up; - for "
                   "standard input")
      ->required()
      ->type_name("FILE");
  convert->add_option("-f,--format", options->format, FormatNames())->type_name("FORMAT");
  convert
      ->add_option("-o,--output", options->output,
                   "Where to; its extension tells the format, a further .gz compresses")
      ->type_name("FILE");
  convert->add_flag("-t,--threads", options->threads, "Threads as outermost frames");
  convert->add_flag("--processes", options->processes, "Processes as outermost frames");
  convert
      ->add_option("--lines", options->lines,
                   "Which line frames show: executed, function (its first) or none")
      ->type_name("LINES");
  AddFilterFlags(convert, &options->filter);
  convert->footer("Example:\n  profctl convert out.otlp -o out.speedscope.json");
  convert->callback([options, run] { *run = [options] { return Convert(*options); }; });
}

}  // namespace profd
