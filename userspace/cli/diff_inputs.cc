#include "userspace/cli/diff_inputs.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "userspace/cli/filter_flags.h"
#include "userspace/cli/inputs.h"

namespace profd {
namespace {

absl::Status Wrong(absl::string_view flag, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", message));
}

absl::StatusOr<DiffOptions> OptionsOf(const DiffFlags& flags) {
  DiffOptions options;
  options.of = flags.self ? SortBy::kSelf : SortBy::kCumulative;
  const auto key = ParseTableKey(flags.by);
  if (!key.ok() ||
      (*key != TableKey::kFunction && *key != TableKey::kFile && *key != TableKey::kPackage)) {
    return Wrong("--by", absl::StrCat("\"", flags.by, "\" is none of function, file, package"));
  }
  options.key = *key;
  if (flags.metric != "share" && flags.metric != "cores") {
    return Wrong("--metric", absl::StrCat("\"", flags.metric, "\" is none of share, cores"));
  }
  options.metric = flags.metric == "share" ? DiffMetric::kShare : DiffMetric::kCores;
  if (!flags.value.empty()) {
    const auto measure = ParseMeasure(flags.value);
    if (!measure.ok()) return Wrong("--value", measure.status().message());
    options.measure = *measure;
  }
  if (flags.json && flags.markdown) {
    return absl::InvalidArgumentError("only one of --json, --markdown at a time");
  }
  return options;
}

absl::StatusOr<DiffSide> ReadSide(const std::string& typed, const Filter& filter,
                                  const DiffOptions& options) {
  auto files = ExpandInputs(SidePaths(typed));
  if (!files.ok()) return files.status();
  DiffSide side(options);
  const bool is_only = files->size() == 1;
  absl::Status status = ForEachInput(*files, filter, [&](const Recording& recording) {
    side.Add(recording, is_only);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return side;
}

// What was recorded decides, on both sides alike: the first file of the first stands for all.
absl::StatusOr<Measure> MeasureOf(const std::string& typed) {
  auto files = ExpandInputs(SidePaths(typed));
  if (!files.ok()) return files.status();
  if (files->empty()) return absl::NotFoundError(absl::StrCat("no files in \"", typed, "\""));
  const auto recording = ReadInput(files->front().path);
  if (!recording.ok()) return recording.status();
  return DefaultMeasure((*recording)->profile);
}

}  // namespace

// A path with a comma in its name is taken as it stands where it exists.
std::vector<std::string> SidePaths(const std::string& typed) {
  std::error_code error;
  if (std::filesystem::exists(typed, error)) return {typed};
  return absl::StrSplit(typed, ',', absl::SkipEmpty());
}

void AddDiffFlags(CLI::App* command, const char* before, const char* after, DiffFlags* flags) {
  constexpr char kSide[] = "A file, a directory, or several, separated by commas";
  command->add_option(before, flags->before, kSide)->required()->type_name("");
  command->add_option(after, flags->after, kSide)->required()->type_name("");
  command->add_option("--by", flags->by, "function, file, package [function]")->type_name("KEY");
  command->add_option("--metric", flags->metric, "What must be beyond noise: share, cores [share]")
      ->type_name("METRIC");
  command->add_flag("--self", flags->self, "Compare self time, not with all that is called");
  command->add_option("--value", flags->value, "cpu, wall, samples [what was recorded]")
      ->type_name("VALUE");
  command->add_flag("--json", flags->json, "All of it as JSON");
  command->add_flag("--markdown", flags->markdown, "For a pull request's comment");
  AddFilterFlags(command, &flags->filter);
}

absl::StatusOr<Compared> CompareInputs(const DiffFlags& flags) {
  auto options = OptionsOf(flags);
  if (!options.ok()) return options.status();
  const auto filter = Filter::Create(flags.filter);
  if (!filter.ok()) return filter.status();
  const auto as_failure = [](const absl::Status& status) {
    return absl::IsInvalidArgument(status) ? absl::DataLossError(status.message()) : status;
  };
  if (flags.value.empty()) {
    const auto measure = MeasureOf(flags.before);
    if (!measure.ok()) return as_failure(measure.status());
    options->measure = *measure;
  }
  auto before = ReadSide(flags.before, *filter, *options);
  if (!before.ok()) return as_failure(before.status());
  auto after = ReadSide(flags.after, *filter, *options);
  if (!after.ok()) return as_failure(after.status());
  Diff diff = Compare(*before, *after);
  return Compared{*std::move(before), *std::move(after), std::move(diff)};
}

}  // namespace profd
