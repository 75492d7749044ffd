// profctl diff: what changed between two profiles, and what of it is more than noise.
#include <CLI/CLI.hpp>
#include <memory>

#include "userspace/cli/commands.h"
#include "userspace/cli/diff_inputs.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

constexpr char kExample[] =
    "Examples:\n"
    "  profctl diff before.pb.gz after.pb.gz\n"
    "  profctl diff monday/ tuesday/                 a file is one observation: more sure\n"
    "  profctl diff --metric cores --by package a.pb.gz,b.pb.gz c.pb.gz,d.pb.gz";

struct Options {
  DiffFlags flags;
  DiffLimits limits;
};

int RunDiff(const Options& options) {
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
  diff->callback([options, run] { *run = [options] { return RunDiff(*options); }; });
}

}  // namespace profd
