#include "userspace/analysis/annotation.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace profd {
namespace {

bool IsPathEnd(absl::string_view path, absl::string_view end) {
  return absl::EndsWith(path, end) && (path.size() == end.size() || end.empty() || end[0] == '/' ||
                                       path[path.size() - end.size() - 1] == '/');
}

absl::StatusOr<std::string> FindFile(const Profile& profile, absl::string_view file) {
  std::set<std::string> found;
  for (const auto& function : profile.functions()) {
    if (function->file == file) return function->file;
    if (!function->file.empty() && IsPathEnd(function->file, file)) found.insert(function->file);
  }
  if (found.empty())
    return absl::NotFoundError(absl::StrCat("no samples in a file \"", file, "\""));
  if (found.size() == 1) return *found.begin();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", file, "\" could be ", absl::StrJoin(found, ", ")));
}

}  // namespace

absl::StatusOr<Annotation> Annotate(const Profile& profile, absl::string_view file,
                                    Measure measure) {
  auto path = FindFile(profile, file);
  if (!path.ok()) return path.status();
  Annotation annotation{.file = *std::move(path)};
  std::vector<bool> is_in_file;
  for (const auto& function : profile.functions()) {
    is_in_file.push_back(function->file == annotation.file);
  }
  absl::flat_hash_set<int> seen;
  for (const Profile::Sample& sample : profile.samples()) {
    const int64_t weight = WeightOf(sample, measure);
    annotation.total += weight;
    seen.clear();
    bool is_leaf = true;
    for (const uint32_t id : profile.stack(sample.stack)) {
      const Profile::Location& location = profile.locations()[id];
      const bool was_leaf = std::exchange(is_leaf, false);
      if (!is_in_file[location.function]) continue;
      if (seen.empty()) annotation.cumulative += weight;
      LineWeight& line = annotation.lines[location.line];
      if (was_leaf) {
        line.self += weight;
        annotation.self += weight;
      }
      if (!seen.insert(location.line).second) continue;
      line.cumulative += weight;
      line.samples += CountOf(sample, measure);
    }
  }
  return annotation;
}

}  // namespace profd
