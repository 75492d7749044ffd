// profctl check: fails when something takes more than it did, for CI.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/diff_inputs.h"
#include "userspace/cli/share_flag.h"
#include "userspace/cli/usage.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr int kRegressed = 3;

constexpr char kExample[] =
    "Examples:\n"
    "  profctl check main.pb.gz branch.pb.gz --max-regression 5%\n"
    "  profctl check --metric cores main/ branch/ --max-regression 10%\n"
    "Exit codes: 0 nothing regressed, 3 something did, 2 wrong use, 1 failure";

struct Options {
  DiffFlags flags;
  std::string limit;
};

// The change as a part of all that BASE took: points of share, or cores of its cores.
double Part(const Change& change, const Diff& diff) {
  if (diff.options.metric == DiffMetric::kShare) return change.change();
  return diff.total_cores.before > 0 ? change.change() / diff.total_cores.before : 0;
}

struct Verdict {
  std::vector<const DiffRow*> regressed;
  bool total = false;
  bool any() const { return total || !regressed.empty(); }
};

Verdict Judge(const Diff& diff, double limit) {
  Verdict verdict;
  for (const DiffRow& row : diff.rows) {
    if (row.is_beyond_noise && Part(diff.ChangeOf(row), diff) > limit) {
      verdict.regressed.push_back(&row);
    }
  }
  verdict.total = diff.options.metric == DiffMetric::kCores && diff.is_total_beyond_noise &&
                  Part(diff.total_cores, diff) > limit;
  return verdict;
}

void PrintText(const Compared& compared, const Verdict& verdict, const Options& options) {
  const Diff& diff = compared.diff;
  const bool is_markdown = options.flags.markdown;
  if (!verdict.any()) {
    std::cout << "ok: nothing takes over " << options.limit << " more "
              << (diff.options.metric == DiffMetric::kShare ? "of all time" : "cores")
              << " beyond noise (" << CountText(static_cast<int64_t>(diff.tested))
              << " names compared)\n";
    return;
  }
  std::cout << (is_markdown ? "**regressed**" : "regressed") << " by more than " << options.limit
            << ":\n"
            << (is_markdown ? "\n" : "");
  const char* const bullet = is_markdown ? "- " : "  ";
  if (verdict.total) {
    std::cout << bullet << "all of it: " << ChangeText(diff.total_cores, DiffMetric::kCores)
              << " cores\n";
  }
  for (const DiffRow* row : verdict.regressed) {
    const std::string name = is_markdown ? MarkdownCell(row->name) : Printable(row->name);
    const std::string where = is_markdown ? MarkdownCell(row->where) : Printable(row->where);
    std::cout << bullet << name << (where.empty() ? "" : "  ") << where << ": "
              << ChangeText(diff.ChangeOf(*row), diff.options.metric)
              << (diff.options.metric == DiffMetric::kShare ? "" : " cores") << "\n";
  }
}

void PrintVerdictJson(const Compared& compared, const Verdict& verdict, double limit) {
  Json json = DiffJson(compared);
  json.erase("rows");
  json["max_regression"] = limit;
  json["is_regressed"] = verdict.any();
  json["total_regressed"] = verdict.total;
  json["regressed"] = Json::array();
  for (const DiffRow* row : verdict.regressed) json["regressed"].push_back(DiffRowJson(*row));
  PrintJson(json);
}

int RunCheck(const Options& options) {
  const auto limit = ParseShare(options.limit);
  if (!limit.ok()) {
    return UsageError("profctl", absl::StrCat("--max-regression: ", limit.status().message()));
  }
  const auto compared = CompareInputs(options.flags);
  if (absl::IsInvalidArgument(compared.status())) {
    return UsageError("profctl", compared.status().message());
  }
  if (!compared.ok()) return Failure("profctl", compared.status());
  // Nothing to compare proves nothing: a check that cannot fail must not pass.
  for (const auto& [name, side] :
       {std::pair("BASE", &compared->before), std::pair("NEW", &compared->after)}) {
    if (side->samples() == 0) {
      return Failure("profctl",
                     absl::FailedPreconditionError(absl::StrCat(name, " has no samples")));
    }
    if (compared->diff.options.metric == DiffMetric::kCores && side->seconds() <= 0) {
      return Failure("profctl", absl::FailedPreconditionError(
                                    absl::StrCat(name, " has no duration: no cores")));
    }
  }
  const Verdict verdict = Judge(compared->diff, *limit);
  if (options.flags.json) {
    PrintVerdictJson(*compared, verdict, *limit);
  } else {
    PrintText(*compared, verdict, options);
  }
  return verdict.any() ? kRegressed : 0;
}

}  // namespace

void AddCheck(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<Options>();
  CLI::App* check =
      profctl->add_subcommand("check", "Fail (3) when something takes more than it did, for CI");
  check->footer(kExample);
  AddDiffFlags(check, "BASE", "NEW", &options->flags);
  check
      ->add_option("--max-regression", options->limit,
                   "How much more of all of BASE's time is let pass: 5%")
      ->required()
      ->type_name("SHARE");
  check->callback([options, run] { *run = [options] { return RunCheck(*options); }; });
}

}  // namespace profd
