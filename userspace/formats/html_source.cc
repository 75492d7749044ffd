#include "userspace/formats/html_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr size_t kMaxFiles = 2000;

bool LooksLikeSource(absl::string_view file) {
  if (!absl::StartsWith(file, "/")) return false;
  for (const char* ending : {".py", ".pyi", ".pyx", ".pxd"}) {
    if (absl::EndsWith(file, ending)) return true;
  }
  return false;
}

// "" when there is no such regular file or it is too large.
std::string ReadRegularFile(const std::string& path) {
  // O_NONBLOCK: the name may be a FIFO's.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return "";
  std::string text;
  struct stat about;
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
      static_cast<size_t>(about.st_size) <= kMaxFileBytes) {
    text.resize(static_cast<size_t>(about.st_size));
    size_t got = 0;
    while (got < text.size()) {
      const ssize_t n = read(fd, text.data() + got, text.size() - got);
      if (n <= 0) break;
      got += static_cast<size_t>(n);
    }
    text.resize(got);
  }
  close(fd);
  return text;
}

absl::string_view LineAt(absl::string_view text, int line) {
  size_t begin = 0;
  for (int i = 1; i < line; ++i) {
    const size_t end = text.find('\n', begin);
    if (end == absl::string_view::npos) return "";
    begin = end + 1;
  }
  const size_t end = text.find('\n', begin);
  return text.substr(begin, end == absl::string_view::npos ? absl::string_view::npos : end - begin);
}

// "Handler.<locals>.inner" -> "inner"; "" for "<listcomp>" and the like.
absl::string_view PlainName(absl::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot != absl::string_view::npos) name.remove_prefix(dot + 1);
  return absl::StartsWith(name, "<") ? "" : name;
}

bool Defines(absl::string_view line, absl::string_view name) {
  line = absl::StripLeadingAsciiWhitespace(line);
  absl::ConsumePrefix(&line, "async ");
  // Cython puts a type before the name.
  if (absl::ConsumePrefix(&line, "cdef ") || absl::ConsumePrefix(&line, "cpdef ")) {
    return absl::StrContains(line, name);
  }
  if (!absl::ConsumePrefix(&line, "def ") && !absl::ConsumePrefix(&line, "class ")) return false;
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, name)) return false;
  return line.empty() || absl::StrContains("([: \t\r", line.substr(0, 1));
}

// Decorated functions begin at their first decorator.
bool DefinedAt(absl::string_view text, const Function& function) {
  const absl::string_view name = PlainName(function.name);
  const absl::string_view first = LineAt(text, function.first_line);
  if (Defines(first, name)) return true;
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(first), "@")) return false;
  for (int i = 1; i <= 50; ++i) {
    if (Defines(LineAt(text, function.first_line + i), name)) return true;
  }
  return false;
}

bool Checkable(const Function& function) {
  return function.first_line > 0 && !PlainName(function.name).empty();
}

}  // namespace

bool SourceFits(absl::string_view text, const Function& function) {
  return !Checkable(function) || DefinedAt(text, function);
}

std::vector<SourceText> ReadSources(const Profile& profile, size_t max_bytes) {
  struct File {
    int64_t samples = 0;
    std::vector<const Function*> functions;
  };
  std::map<std::string, File> files;
  for (const auto& function : profile.functions()) {
    if (function->kind == FrameKind::kPython && LooksLikeSource(function->file)) {
      files[function->file].functions.push_back(function.get());
    }
  }
  for (const Profile::Sample& sample : profile.samples()) {
    for (const uint32_t location : profile.stack(sample.stack)) {
      const auto file =
          files.find(profile.functions()[profile.locations()[location].function]->file);
      if (file == files.end()) continue;
      file->second.samples += std::min(sample.count, int64_t{1} << 32);
      break;  // the innermost Python file: where its time goes
    }
  }
  std::vector<std::pair<int64_t, const std::string*>> order;
  order.reserve(files.size());
  for (const auto& [name, file] : files) order.emplace_back(-file.samples, &name);
  std::sort(order.begin(), order.end());

  std::vector<SourceText> sources;
  for (const auto& [unused, name] : order) {
    if (sources.size() >= kMaxFiles) break;
    const auto& functions = files[*name].functions;
    std::string text = ReadRegularFile(*name);
    if (text.empty() || text.size() > max_bytes || !IsUtf8(text)) continue;
    const bool known = std::any_of(functions.begin(), functions.end(), [&](const Function* f) {
      return Checkable(*f) && DefinedAt(text, *f);
    });
    const bool fits = std::all_of(functions.begin(), functions.end(),
                                  [&](const Function* f) { return SourceFits(text, *f); });
    if (!fits) {
      sources.push_back({*name, "", false});
    } else if (known) {
      max_bytes -= text.size();
      sources.push_back({*name, std::move(text), true});
    }
  }
  return sources;
}

}  // namespace profd
