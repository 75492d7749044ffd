#include "userspace/cli/inputs.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/read.h"

namespace profd {
namespace {

constexpr char kSuffix[] = ".pb.gz";

absl::Status AddDirectory(const std::string& directory, std::vector<std::string>* files) {
  const size_t before = files->size();
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    // Hidden ones are a writer's temporary files.
    const std::string name = at->path().filename().string();
    if (absl::EndsWith(name, kSuffix) && name[0] != '.' && at->is_regular_file(error)) {
      files->push_back(at->path().string());
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

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandInputs(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
    } else if (absl::Status status = AddDirectory(path, &files); !status.ok()) {
      return status;
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

absl::StatusOr<Extent> ExtentOfInputs(const std::vector<std::string>& files) {
  Extent extent;
  for (const std::string& path : files) {
    const auto recording = ReadRecording(path);
    if (!recording.ok()) return recording.status();
    const Extent one = ExtentOf(*recording);
    extent.Include(one.begin, one.end);
  }
  return extent;
}

absl::Status ForEachInput(const std::vector<std::string>& files, Filter filter,
                          const std::function<void(const Recording&)>& visit) {
  // One file is read once: standard input cannot be read again.
  const bool needs_extent = filter.needs_extent();
  if (needs_extent && files.size() > 1) {
    const auto extent = ExtentOfInputs(files);
    if (!extent.ok()) return extent.status();
    filter.SetExtent(*extent);
  }
  size_t cut = 0;
  {
    Progress progress(files.size());
    for (const std::string& path : files) {
      const auto recording = ReadRecording(path);
      if (!recording.ok()) return recording.status();
      if (needs_extent && files.size() == 1) filter.SetExtent(ExtentOf(*recording));
      progress.Step();
      if (!filter.Overlaps(*recording)) continue;
      if (filter.IsCutByRange(*recording)) ++cut;
      filter.is_empty() ? visit(*recording) : visit(filter.Apply(*recording));
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
