#include "userspace/cli/diff_picture.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "userspace/cli/inputs.h"
#include "userspace/cli/usage.h"
#include "userspace/export/destination.h"
#include "userspace/formats/collapsed.h"
#include "userspace/formats/html.h"
#include "userspace/formats/join.h"
#include "userspace/formats/output_mode.h"
#include "userspace/formats/svg.h"
#include "userspace/profile/gzip.h"

namespace profd {
namespace {

absl::StatusOr<Recording> JoinSide(const std::string& typed, const Filter& filter) {
  const auto files = ExpandInputs(SidePaths(typed));
  if (!files.ok()) return files.status();
  Joiner joiner;
  absl::Status status = ForEachInput(
      *files, filter, [&](const Recording& recording) { return joiner.Add(recording); });
  if (!status.ok()) return status;
  return std::move(joiner).Finish();
}

// The first file's last name: whole paths leave no room.
std::string SideName(const std::string& typed) {
  const std::vector<std::string> paths = SidePaths(typed);
  if (paths.empty()) return "";
  absl::string_view path = paths[0];
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::string name(path.substr(path.rfind('/') + 1));
  return paths.size() == 1 ? name : absl::StrCat(name, " and ", paths.size() - 1, " more");
}

absl::StatusOr<std::string> Draw(const DiffFlags& flags, Format format) {
  const auto filter = Filter::Create(flags.filter);
  if (!filter.ok()) return filter.status();
  // What is wrong with a file is no wrong use.
  const auto as_failure = [](const absl::Status& status) {
    return absl::IsInvalidArgument(status) ? absl::DataLossError(status.message()) : status;
  };
  const auto before = JoinSide(flags.before, *filter);
  if (!before.ok()) return as_failure(before.status());
  const auto after = JoinSide(flags.after, *filter);
  if (!after.ok()) return as_failure(after.status());
  const std::string a = SideName(flags.before), b = SideName(flags.after);
  const std::string title = absl::StrCat(a, " → ", b);
  switch (format) {
    case Format::kHtml:
      return EncodeHtml(*before, &*after,
                        {.title = title,
                         .command = absl::StrCat("profctl diff ", flags.before, " ", flags.after),
                         .a_name = a,
                         .b_name = b});
    case Format::kSvg:
      return EncodeDiffSvg(before->profile, after->profile, {.title = title});
    default:
      return EncodeDiffCollapsed(before->profile, after->profile);
  }
}

}  // namespace

absl::StatusOr<Format> DiffFormat(const std::string& format, const std::string& output) {
  if (format.empty() && (output.empty() || IsStandardOutput(output))) {
    return absl::InvalidArgumentError(absl::StrCat("which format? -f with one of ", kDiffFormats));
  }
  auto found = format.empty() ? FormatByPath(output) : FormatByName(format);
  if (!found.ok()) return found.status();
  if (*found != Format::kHtml && *found != Format::kSvg && *found != Format::kCollapsed) {
    return absl::InvalidArgumentError(absl::StrCat(
        InfoOf(*found).name, " cannot show a difference, one of these can: ", kDiffFormats));
  }
  return found;
}

int WriteDiffPicture(const DiffFlags& flags, Format format, const std::string& output) {
  auto file = Draw(flags, format);
  if (absl::IsInvalidArgument(file.status())) {
    return UsageError("profctl", file.status().message());
  }
  if (file.ok() && absl::EndsWith(output, ".gz")) file = GzipCompress(*file, 9);
  if (!file.ok()) return Failure("profctl", file.status());
  const absl::Status status = WriteTo(output.empty() ? "-" : output, *file, {.mode = kOutputMode});
  return status.ok() ? 0 : Failure("profctl", status);
}

}  // namespace profd
