#include "userspace/cli/inputs.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/read.h"

namespace profd {
namespace {

constexpr char kSuffix[] = ".pb.gz";

absl::Status AddDirectory(const std::string& directory, std::vector<InputFile>* files) {
  const size_t before = files->size();
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    // Hidden ones are a writer's temporary files.
    const std::string name = at->path().filename().string();
    if (absl::EndsWith(name, kSuffix) && name[0] != '.' && at->is_regular_file(error)) {
      files->push_back({at->path().string(), /*is_listed=*/true});
    }
  }
  if (error) return absl::UnknownError(absl::StrCat(directory, ": ", error.message()));
  if (files->size() == before) {
    return absl::NotFoundError(absl::StrCat("no profiles (*", kSuffix, ") below ", directory));
  }
  return absl::OkStatus();
}

class Progress {
 public:
  explicit Progress(size_t total) : total_(total), is_shown_(total > 50 && isatty(STDERR_FILENO)) {}
  ~Progress() {
    if (is_shown_) std::cerr << "\r\x1b[K";
  }
  void Step() {
    ++done_;
    if (is_shown_ && done_ % 50 == 0) {
      std::cerr << "\r" << done_ << " of " << total_ << " files" << std::flush;
    }
  }

 private:
  size_t total_;
  bool is_shown_;
  size_t done_ = 0;
};

// What the files span before any filter.
absl::StatusOr<Extent> ExtentOfInputs(const std::vector<InputFile>& files) {
  Extent extent;
  for (const InputFile& file : files) {
    const auto recording = ReadInput(file.path);
    if (file.is_listed && absl::IsNotFound(recording.status())) continue;
    if (!recording.ok()) return recording.status();
    const Extent one = ExtentOf(**recording);
    extent.Include(one.begin, one.end);
  }
  return extent;
}

}  // namespace

absl::StatusOr<std::vector<InputFile>> ExpandInputs(const std::vector<std::string>& paths) {
  std::vector<InputFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back({path});
    } else if (absl::Status status = AddDirectory(path, &files); !status.ok()) {
      return status;
    }
  }
  // One that was named as well comes first, and stays.
  std::sort(files.begin(), files.end(), [](const InputFile& a, const InputFile& b) {
    return std::tie(a.path, a.is_listed) < std::tie(b.path, b.is_listed);
  });
  const auto is_same = [](const InputFile& a, const InputFile& b) { return a.path == b.path; };
  files.erase(std::unique(files.begin(), files.end(), is_same), files.end());
  return files;
}

absl::StatusOr<std::shared_ptr<const Recording>> ReadInput(const std::string& path) {
  static std::shared_ptr<const Recording> standard_input;  // it cannot be read again
  const bool is_standard_input = path == "-";
  if (is_standard_input && standard_input != nullptr) return standard_input;
  auto recording = ReadRecording(path);
  if (!recording.ok()) return recording.status();
  auto shared = std::make_shared<const Recording>(*std::move(recording));
  if (is_standard_input) standard_input = shared;
  return shared;
}

absl::Status ForEachInput(const std::vector<InputFile>& files, Filter filter,
                          const std::function<absl::Status(const Recording&)>& visit) {
  const bool needs_extent = filter.needs_extent();
  if (needs_extent && files.size() > 1) {
    const auto extent = ExtentOfInputs(files);
    if (!extent.ok()) return extent.status();
    filter.SetExtent(*extent);
  }
  size_t cut = 0;
  {
    Progress progress(files.size());
    for (const InputFile& file : files) {
      progress.Step();
      const auto read = ReadInput(file.path);
      if (file.is_listed && absl::IsNotFound(read.status())) continue;
      if (!read.ok()) return read.status();
      const Recording& recording = **read;
      if (needs_extent && files.size() == 1) filter.SetExtent(ExtentOf(recording));
      if (!filter.Overlaps(recording)) continue;
      if (filter.IsCutByRange(recording)) ++cut;
      absl::Status status = filter.is_empty() ? visit(recording) : visit(filter.Apply(recording));
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(file.path, ": ", status.message()));
      }
    }
  }
  if (cut > 0) {
    std::cerr << "note: " << cut << (files.size() == 1 ? " file lies" : " files lie")
              << " partly outside --from and --to; without times inside, "
              << (cut == 1 ? "it counts whole\n" : "they count whole\n");
  }
  return absl::OkStatus();
}

}  // namespace profd
