#include "userspace/analysis/annotation.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
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

// What a function's first line must hold. Decorators come before it since Python 3.8;
// comprehensions and modules have no word of their own.
bool CanBegin(absl::string_view name, absl::string_view line) {
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
  const absl::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  if (last == "<lambda>") return absl::StrContains(line, "lambda");
  if (absl::StartsWith(last, "<")) return true;
  if (absl::StartsWith(text, "@")) return true;
  const bool is_definition = absl::StartsWith(text, "def ") || absl::StartsWith(text, "async ") ||
                             absl::StartsWith(text, "class ") || absl::StrContains(text, " def ");
  // A private name is mangled nowhere in the code object's own name.
  return is_definition && absl::StrContains(text, last);
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
      line.samples += sample.count;
    }
  }
  return annotation;
}

std::string SourceMismatch(const Profile& profile, absl::string_view file,
                           const std::vector<std::string>& source) {
  const int lines = static_cast<int>(source.size());
  for (const auto& function : profile.functions()) {
    if (function->file != file || function->first_line <= 0) continue;
    if (function->first_line > std::max(lines, 1)) {
      return absl::StrCat(function->name, " began at line ", function->first_line, " of now ",
                          lines);
    }
    if (!source.empty() &&
        !CanBegin(function->name, source[static_cast<size_t>(function->first_line) - 1])) {
      return absl::StrCat(function->name, " began at line ", function->first_line,
                          ", which is not its beginning now");
    }
  }
  for (const Profile::Location& location : profile.locations()) {
    if (profile.functions()[location.function]->file == file && location.line > lines) {
      return absl::StrCat("line ", location.line, " ran, of now ", lines);
    }
  }
  return "";
}

}  // namespace profd
