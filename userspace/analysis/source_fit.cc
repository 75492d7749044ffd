#include "userspace/analysis/source_fit.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace profd {
namespace {

// From the first decorator to the definition; a decorator may hold a table.
constexpr int kMaxDecoratorLines = 200;

// "Handler.<locals>.inner" -> "inner"
absl::string_view LastName(absl::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

// Comprehensions and modules have no word of their own; a scope's __annotate__ (3.14, PEP 649)
// begins where the scope or its first annotation does.
bool HasDefinition(absl::string_view last_name) {
  return !last_name.empty() && last_name[0] != '<' && last_name != "__annotate__";
}

absl::string_view LineAt(absl::Span<const absl::string_view> lines, int line) {
  const size_t at = static_cast<size_t>(line) - 1;
  return line > 0 && at < lines.size() ? lines[at] : absl::string_view();
}

bool Defines(absl::string_view line, absl::string_view name) {
  line = absl::StripLeadingAsciiWhitespace(line);
  // Cython puts a type before the name.
  if (absl::ConsumePrefix(&line, "cdef ") || absl::ConsumePrefix(&line, "cpdef ")) {
    return absl::StrContains(line, name);
  }
  if (absl::ConsumePrefix(&line, "async ")) line = absl::StripLeadingAsciiWhitespace(line);
  // The code of an alias (3.12, PEP 695) has its name.
  if (!absl::ConsumePrefix(&line, "def ") && !absl::ConsumePrefix(&line, "class ") &&
      !absl::ConsumePrefix(&line, "type ")) {
    return false;
  }
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, name)) return false;
  return line.empty() || absl::StrContains("([=:\\ \t\r", line.substr(0, 1));
}

bool CanBeginAt(absl::Span<const absl::string_view> lines, const Function& function) {
  const absl::string_view name = LastName(function.name);
  if (name == "<lambda>") return absl::StrContains(LineAt(lines, function.first_line), "lambda");
  return !HasDefinition(name) || IsDefinedIn(lines, function);
}

}  // namespace

SourceUse UseOf(const Profile& profile, absl::string_view file) {
  SourceUse use;
  for (const auto& function : profile.functions()) {
    if (function->file == file) use.functions.push_back(function.get());
  }
  for (const Profile::Location& location : profile.locations()) {
    if (profile.functions()[location.function]->file == file) {
      use.last_line = std::max(use.last_line, location.line);
    }
  }
  return use;
}

bool IsDefinedIn(absl::Span<const absl::string_view> lines, const Function& function) {
  const absl::string_view name = LastName(function.name);
  const absl::string_view first = LineAt(lines, function.first_line);
  if (!HasDefinition(name)) return false;
  if (Defines(first, name)) return true;
  // Decorated functions begin at their first decorator since Python 3.8.
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(first), "@")) return false;
  const size_t begin = static_cast<size_t>(function.first_line);
  const auto below = lines.subspan(std::min(begin, lines.size()), kMaxDecoratorLines);
  return std::any_of(below.begin(), below.end(),
                     [name](absl::string_view line) { return Defines(line, name); });
}

std::string SourceMismatch(const SourceUse& use, absl::Span<const absl::string_view> lines) {
  const int last = std::max(static_cast<int>(lines.size()), 1);  // a module without text ran line 1
  for (const Function* function : use.functions) {
    if (function->first_line <= 0) continue;
    if (CanBeginAt(lines, *function) && function->first_line <= last) continue;
    return absl::StrCat(function->name, " began at line ", function->first_line,
                        function->first_line > last ? absl::StrCat(" of now ", lines.size())
                                                    : ", which is not its beginning now");
  }
  if (use.last_line > last)
    return absl::StrCat("line ", use.last_line, " ran, of now ", lines.size());
  return "";
}

}  // namespace profd
