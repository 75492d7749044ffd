// profctl report: what takes the time, as a table, a tree or the source.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "userspace/analysis/merge.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/filter_flags.h"
#include "userspace/cli/inputs.h"
#include "userspace/cli/interactive.h"
#include "userspace/cli/report_output.h"
#include "userspace/cli/share_flag.h"
#include "userspace/cli/usage.h"
#include "userspace/views/recording_range.h"

namespace profd {
namespace {

constexpr char kExample[] =
    "Examples:\n"
    "  profctl report profiles/                      all files below, added up\n"
    "  profctl report -i FILE                        moved through with keys\n"
    "  profctl report --tree --comm gunicorn FILE\n"
    "  profctl report --callers json.loads FILE\n"
    "  profctl report --annotate app.py FILE\n"
    "  profctl report --by package --from -10m profiles/";

struct ReportOptions {
  std::vector<std::string> paths;
  std::string by = "function";
  std::string sort = "self";
  std::string value;
  bool tree = false;
  std::string callers, callees, annotate;
  std::optional<int64_t> rows;  // as fits the kind of report
  std::string cutoff = "0.5%";
  bool json = false;
  bool markdown = false;
  bool interactive = false;
  FilterOptions filter;
};

// The same, checked.
struct Report {
  std::vector<std::string> files;
  Filter filter;
  TableKey key;
  SortBy sort;
  std::optional<Measure> measure;
  TreeLimits limits;
};

int Wrong(absl::string_view message) { return UsageError("profctl", message); }

absl::StatusOr<Report> Check(const ReportOptions& options) {
  const auto key = ParseTableKey(options.by);
  if (!key.ok()) return absl::InvalidArgumentError(absl::StrCat("--by: ", key.status().message()));
  auto filter = Filter::Create(options.filter);
  if (!filter.ok()) return filter.status();
  Report report{.filter = *std::move(filter), .key = *key};
  if (options.sort != "self" && options.sort != "total") {
    return absl::InvalidArgumentError(
        absl::StrCat("--sort: \"", options.sort, "\" is none of self, total"));
  }
  report.sort = options.sort == "self" ? SortBy::kSelf : SortBy::kCumulative;
  if (!options.value.empty()) {
    const auto measure = ParseMeasure(options.value);
    if (!measure.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--value: ", measure.status().message()));
    }
    report.measure = *measure;
  }
  if (options.rows.value_or(1) < 1) return absl::InvalidArgumentError("--rows: at least 1");
  const auto cutoff = ParseShare(options.cutoff);
  if (!cutoff.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--cutoff: ", cutoff.status().message()));
  }
  report.limits.cutoff = *cutoff;
  if (options.rows) report.limits.rows = static_cast<size_t>(*options.rows);
  const int instead = (options.tree ? 1 : 0) + (options.callers.empty() ? 0 : 1) +
                      (options.callees.empty() ? 0 : 1) + (options.annotate.empty() ? 0 : 1);
  if (instead > 1) {
    return absl::InvalidArgumentError(
        "only one of --tree, --callers, --callees, --annotate at a time");
  }
  if (options.json && options.markdown) {
    return absl::InvalidArgumentError("only one of --json, --markdown at a time");
  }
  const bool is_tree = options.tree || !options.callers.empty() || !options.callees.empty();
  if (is_tree && *key != TableKey::kFunction && *key != TableKey::kLine) {
    return absl::InvalidArgumentError("--by: trees are by function or line");
  }
  return report;
}

int PrintTable(const ReportOptions& options, const Report& report, const Profile& profile,
               const Summary& summary) {
  const Table table = BuildTable(profile, report.key, summary.measure, report.sort);
  const auto rows = static_cast<size_t>(options.rows.value_or(30));
  if (options.json) {
    PrintJson(TableJson(table, summary));
  } else if (options.markdown) {
    PrintTableMarkdown(table, summary, report.sort, rows);
  } else {
    PrintTable(table, summary, StandardOutput(), report.sort, rows);
  }
  return 0;
}

int PrintTree(const ReportOptions& options, const Report& report, const Profile& profile,
              const Summary& summary) {
  TreeOptions tree_options{.measure = summary.measure, .by_line = report.key == TableKey::kLine};
  if (!options.tree) {
    const bool is_callers = !options.callers.empty();
    const std::string& name = is_callers ? options.callers : options.callees;
    tree_options.kind = is_callers ? TreeKind::kCallers : TreeKind::kCallees;
    tree_options.chosen = FunctionsNamed(profile, name);
    if (std::find(tree_options.chosen.begin(), tree_options.chosen.end(), true) ==
        tree_options.chosen.end()) {
      return Failure("profctl",
                     absl::NotFoundError(absl::StrCat("no samples in a function \"", name, "\"")));
    }
  }
  const CallTree tree = BuildCallTree(profile, tree_options);
  if (options.json) {
    PrintJson(TreeJson(profile, tree, summary));
  } else if (options.markdown) {
    PrintTreeMarkdown(profile, tree, summary, report.limits);
  } else {
    PrintTree(profile, tree, summary, StandardOutput(), report.limits);
  }
  return 0;
}

int PrintSource(const ReportOptions& options, const Profile& profile, const Summary& summary) {
  const auto annotation = Annotate(profile, options.annotate, summary.measure);
  if (absl::IsInvalidArgument(annotation.status())) {
    return Wrong(absl::StrCat("--annotate: ", annotation.status().message()));
  }
  if (!annotation.ok()) return Failure("profctl", annotation.status());
  const Source source = ReadSource(profile, *annotation, options.annotate);
  if (options.json) {
    PrintJson(AnnotationJson(*annotation, source, summary));
  } else if (options.markdown) {
    PrintAnnotationMarkdown(*annotation, source, summary);
  } else {
    PrintAnnotation(*annotation, source, summary, StandardOutput());
  }
  return 0;
}

int Explore(const Report& report, const std::vector<InputFile>& files) {
  RecordingSum sum;
  absl::Status status = ForEachInput(files, report.filter, [&](const Recording& recording) {
    sum.Add(recording);
    return absl::OkStatus();
  });
  if (!status.ok()) return Failure("profctl", status);
  return ExploreInteractively(std::move(sum).Finish(), report.measure);
}

int RunReport(const ReportOptions& options) {
  auto report = Check(options);
  if (!report.ok()) return Wrong(report.status().message());
  auto files = ExpandInputs(options.paths);
  if (!files.ok()) return Failure("profctl", files.status());
  if (options.interactive) return Explore(*report, *files);
  Merger merger;
  size_t merged = 0;
  absl::Status status = ForEachInput(*files, report->filter, [&](const Recording& recording) {
    merger.Add(recording.profile);
    ++merged;
    return absl::OkStatus();
  });
  if (!status.ok()) return Failure("profctl", status);
  const Profile profile = std::move(merger).Finish();
  const Measure measure = report->measure.value_or(DefaultMeasure(profile));
  if (measure == Measure::kWall && !profile.has_wall()) {
    return Failure("profctl",
                   absl::NotFoundError("--value: no wall time was recorded; profd record -i "
                                       "does"));
  }
  const Summary summary = Summarize(profile, merged, measure);
  if (summary.samples == 0 && summary.total == 0 && !options.json) {
    std::cout << (report->filter.is_empty() ? "No samples: nothing ran while this was recorded.\n"
                                            : "No samples match the filters.\n");
    return 0;
  }
  if (!options.annotate.empty()) return PrintSource(options, profile, summary);
  if (options.tree || !options.callers.empty() || !options.callees.empty()) {
    return PrintTree(options, *report, profile, summary);
  }
  return PrintTable(options, *report, profile, summary);
}

}  // namespace

void AddReport(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* report = profctl->add_subcommand(
      "report", "Print what takes the time: a table, a tree, callers, or the source");
  report->footer(kExample);
  report->add_option("files", options->paths, "Profiles, or directories of them, added up")
      ->required()
      ->type_name("FILE");
  report
      ->add_option("--by", options->by,
                   "function, line, file, package, kind, process, thread,\n"
                   "comm, container, python [function]")
      ->type_name("KEY");
  constexpr char kInstead[] = "Instead of the table";
  report->add_flag("--tree", options->tree, "Who calls whom")->group(kInstead);
  const auto instead = [&](const char* flag, std::string* value, const char* type,
                           const char* help) {
    report->add_option(flag, *value, help)->type_name(type)->group(kInstead);
  };
  instead("--callers", &options->callers, "NAME", "Who calls this function");
  instead("--callees", &options->callees, "NAME", "What it calls");
  instead("--annotate", &options->annotate, "FILE", "Its source with the time of each line");
  report->add_option("--sort", options->sort, "self, total [self]")->type_name("COLUMN");
  report->add_option("--value", options->value, "cpu, wall, samples [what was recorded]")
      ->type_name("VALUE");
  report->add_option("--rows", options->rows, "How many rows [30; of trees 60]")->type_name("N");
  report->add_option("--cutoff", options->cutoff, "Least share of a tree's node [0.5%]")
      ->type_name("SHARE");
  report->add_flag("-i,--interactive", options->interactive,
                   "Move through it: table, tree, flame graph, timeline");
  report->add_flag("--json", options->json, "All of it as JSON");
  report->add_flag("--markdown", options->markdown, "For a pull request's comment");
  AddFilterFlags(report, &options->filter);
  report->callback([options, run] { *run = [options] { return RunReport(*options); }; });
}

}  // namespace profd
