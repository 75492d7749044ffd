#include "userspace/record/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "userspace/export/atomic_file.h"
#include "userspace/export/destination.h"
#include "userspace/formats/output_mode.h"

namespace profd {
namespace {

constexpr int kMaxNameTries = 1000;

absl::StatusOr<Format> ChooseFormat(const std::string& path, const std::string& format) {
  if (!format.empty()) return FormatByName(format);
  if (path.empty()) return Format::kHtml;
  if (IsStandardOutput(path)) {
    return absl::InvalidArgumentError("what goes to standard output needs a --format");
  }
  return FormatByPath(path);
}

// What a file name may hold everywhere.
std::string Plain(absl::string_view subject) {
  std::string plain;
  for (const char c : subject.substr(0, 64)) {
    const bool fine = absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
    plain.push_back(fine ? c : '_');
  }
  return plain;
}

absl::Status CheckPlace(const Output& output) {
  if (IsStandardOutput(output.path)) {
    if (!InfoOf(output.format).binary || !isatty(STDOUT_FILENO)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--output: ", InfoOf(output.format).name, " is not for a terminal"));
  }
  struct stat file;
  if (stat(output.path.c_str(), &file) == 0 && S_ISDIR(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("--output: ", output.path, " is a directory"));
  }
  if (IsStream(output.path)) return absl::OkStatus();
  const size_t slash = output.path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : output.path.substr(0, slash + 1);
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("--output: cannot write to ", directory));
  }
  return absl::OkStatus();
}

// name.pb.gz → name-2.pb.gz
std::string Numbered(const Output& output, int number) {
  const absl::string_view extension = InfoOf(output.format).extension;
  const std::string stem = output.path.substr(0, output.path.size() - extension.size());
  return absl::StrCat(stem, "-", number, extension);
}

}  // namespace

absl::StatusOr<Output> ChooseOutput(const std::string& path, const std::string& format,
                                    absl::string_view subject, absl::Time now) {
  auto chosen = ChooseFormat(path, format);
  if (!chosen.ok()) {
    return absl::Status(
        chosen.status().code(),
        absl::StrCat(format.empty() ? "--output: " : "--format: ", chosen.status().message()));
  }
  Output output{path, path.empty(), *chosen};
  if (output.named_by_us) {
    output.path = absl::StrCat("profile-", Plain(subject), "-",
                               absl::FormatTime("%Y%m%dT%H%M%S", now, absl::LocalTimeZone()),
                               InfoOf(*chosen).extension);
  }
  if (absl::Status status = CheckPlace(output); !status.ok()) return status;
  return output;
}

Output AsRecording(const Output& output) {
  absl::string_view stem = IsStream(output.path) ? "profile" : output.path;
  absl::ConsumeSuffix(&stem, ".gz");
  const size_t dot = stem.find_first_of('.', stem.rfind('/') + 1);  // npos + 1 is 0
  return {.path = absl::StrCat(stem.substr(0, dot), InfoOf(Format::kOtlp).extension),
          .named_by_us = true,
          .format = Format::kOtlp};
}

absl::StatusOr<std::string> WriteOutput(const Output& output, absl::string_view bytes,
                                        const InvokingUser& user) {
  AtomicFileOptions options;
  options.mode = kOutputMode;
  options.if_exists = output.named_by_us ? IfExists::kFail : IfExists::kReplace;
  if (user.behind_sudo) {
    options.owner = user.uid;
    options.group = user.gid;
  }
  std::string path = output.path;
  absl::Status status = WriteTo(path, bytes, options);
  for (int i = 2; absl::IsAlreadyExists(status) && i < kMaxNameTries; ++i) {
    path = Numbered(output, i);
    status = WriteTo(path, bytes, options);
  }
  if (!status.ok()) return status;
  return IsStandardOutput(path) ? "standard output" : path;
}

}  // namespace profd
