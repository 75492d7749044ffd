// profctl diff: what changed between two profiles, and what of it is more than noise.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/diff_inputs.h"
#include "userspace/cli/diff_picture.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

constexpr char kExample[] =
    "Examples:\n"
    "  profctl diff before.pb.gz after.pb.gz\n"
    "  profctl diff monday/ tuesday/                 a file is one observation: more sure\n"
    "  profctl diff --metric cores --by package a.pb.gz,b.pb.gz c.pb.gz,d.pb.gz\n"
    "  profctl diff -o diff.html monday/ tuesday/    a flame graph, red where B takes more";

struct Options {
  DiffFlags flags;
  DiffLimits limits;
  std::string format, output;
  std::string not_in_pictures;  // the first flag given that only the table has
};

int RunDiff(const Options& options) {
  if (!options.format.empty() || !options.output.empty()) {
    const auto format = DiffFormat(options.format, options.output);
    if (!format.ok()) return UsageError("profctl", format.status().message());
    if (!options.not_in_pictures.empty()) {
      return UsageError("profctl", absl::StrCat(options.not_in_pictures,
                                                " is of the table: -o and -f write a picture"));
    }
    return WriteDiffPicture(options.flags, *format, options.output);
  }
  const auto compared = CompareInputs(options.flags);
  if (absl::IsInvalidArgument(compared.status())) {
    return UsageError("profctl", compared.status().message());
  }
  if (!compared.ok()) return Failure("profctl", compared.status());
  if (options.flags.json) {
    PrintJson(DiffJson(*compared));
  } else if (options.flags.markdown) {
    PrintDiffMarkdown(*compared, options.limits);
  } else {
    PrintDiff(*compared, StandardOutput(), options.limits);
  }
  return 0;
}

}  // namespace

void AddDiff(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<Options>();
  CLI::App* diff = profctl->add_subcommand("diff", "Show what takes more and what takes less");
  diff->footer(kExample);
  AddDiffFlags(diff, "A", "B", &options->flags);
  diff->add_option("--rows", options->limits.rows, "How many rows of either list [15]")
      ->type_name("N");
  diff->add_flag("--all", options->limits.all, "Show what is within noise, too");
  diff->add_option("-o,--output", options->output,
                   "Write a picture instead; its extension tells the format")
      ->type_name("FILE");
  diff->add_option("-f,--format", options->format, kDiffFormats)->type_name("FORMAT");
  diff->callback([diff, options, run] {
    for (const char* flag :
         {"--json", "--markdown", "--by", "--metric", "--self", "--value", "--rows", "--all"}) {
      if (options->not_in_pictures.empty() && diff->count(flag) > 0) {
        options->not_in_pictures = flag;
      }
    }
    *run = [options] { return RunDiff(*options); };
  });
}

}  // namespace profd
