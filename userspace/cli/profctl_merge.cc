// profctl merge: many profiles into one.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "userspace/analysis/merge.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/filter_flags.h"
#include "userspace/cli/inputs.h"
#include "userspace/cli/usage.h"
#include "userspace/export/destination.h"
#include "userspace/formats/format.h"
#include "userspace/formats/output_mode.h"
#include "userspace/profile/pprof.h"
#include "userspace/text/count_text.h"

namespace profd {
namespace {

constexpr char kExample[] =
    "Examples:\n"
    "  profctl merge profiles/ -o day.pb.gz\n"
    "  profctl merge --comm gunicorn --from -1h profiles/ -o hour.pb.gz";

struct MergeOptions {
  std::vector<std::string> paths;
  std::string output;
  FilterOptions filter;
};

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat x, y;
  return stat(a.c_str(), &x) == 0 && stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev &&
         x.st_ino == y.st_ino;
}

int Merge(const MergeOptions& options) {
  const auto filter = Filter::Create(options.filter);
  if (!filter.ok()) return UsageError("profctl", filter.status().message());
  const bool to_stdout = IsStandardOutput(options.output);
  if (const auto format = FormatByPath(options.output);
      !to_stdout && format.ok() && *format != Format::kPprof) {
    return UsageError("profctl", absl::StrCat("merge writes pprof; for ", InfoOf(*format).name,
                                              ": profctl convert FILE… -o ", options.output));
  }
  if (to_stdout && isatty(STDOUT_FILENO)) {
    return UsageError("profctl", "--output: pprof is not for a terminal");
  }
  auto files = ExpandInputs(options.paths);
  if (!files.ok()) return Failure("profctl", files.status());
  // A second run into the directory that it reads must not add its own result.
  const size_t named = files->size();
  std::erase_if(*files,
                [&](const InputFile& file) { return IsSameFile(file.path, options.output); });
  if (files->size() < named) {
    return UsageError("profctl", absl::StrCat(options.output, " is one of the files to merge"));
  }
  Merger merger;
  size_t merged = 0;
  bool timed = false;
  absl::Status status = ForEachInput(*files, *filter, [&](const Recording& recording) {
    merger.Add(recording.profile);
    ++merged;
    timed |= !recording.events.empty();
    return absl::OkStatus();
  });
  if (!status.ok()) return Failure("profctl", status);
  const int64_t collapsed = merger.collapsed_samples();
  const Profile profile = std::move(merger).Finish();
  const auto bytes = EncodePprof(profile);
  if (!bytes.ok()) return Failure("profctl", bytes.status());
  status = WriteTo(options.output, *bytes, {.mode = kOutputMode});
  if (!status.ok()) return Failure("profctl", status);
  if (profile.samples().empty()) {
    std::cerr << "note: no samples" << (filter->is_empty() ? "" : " match the filters") << "\n";
  }
  if (timed)
    std::cerr << "note: pprof holds no times of samples; profctl convert joins recordings\n";
  if (collapsed > 0) {
    std::cerr << "note: " << CountText(collapsed)
              << " samples are under [profile full]: there are too many different stacks\n";
  }
  std::cerr << CountText(static_cast<int64_t>(merged), "file") << ", "
            << CountText(static_cast<int64_t>(profile.samples().size()), "stack") << " → "
            << (to_stdout ? "standard output" : options.output) << "\n";
  return 0;
}

}  // namespace

void AddMerge(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* merge = profctl->add_subcommand("merge", "Add up profiles into one file");
  merge->footer(kExample);
  merge->add_option("files", options->paths, "Profiles, or directories of them")
      ->required()
      ->type_name("FILE");
  merge
      ->add_option("-o,--output", options->output, "The pprof file to write; - for standard output")
      ->required()
      ->type_name("FILE");
  AddFilterFlags(merge, &options->filter);
  merge->callback([options, run] { *run = [options] { return Merge(*options); }; });
}

}  // namespace profd
