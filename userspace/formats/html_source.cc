#include "userspace/formats/html_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "userspace/analysis/source_fit.h"
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

}  // namespace

std::vector<SourceText> ReadSources(const Profile& profile, size_t max_bytes) {
  struct File {
    int64_t samples = 0;
    SourceUse use;
  };
  std::map<std::string, File> files;
  for (const auto& function : profile.functions()) {
    if (function->kind == FrameKind::kPython && LooksLikeSource(function->file)) {
      files[function->file].use.functions.push_back(function.get());
    }
  }
  for (const Profile::Location& location : profile.locations()) {
    const auto file = files.find(profile.functions()[location.function]->file);
    if (file == files.end()) continue;
    file->second.use.last_line = std::max(file->second.use.last_line, location.line);
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
    const SourceUse& use = files[*name].use;
    std::string text = ReadRegularFile(*name);
    if (text.empty() || text.size() > max_bytes || !IsUtf8(text)) continue;
    const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
    const bool known = std::any_of(use.functions.begin(), use.functions.end(),
                                   [&](const Function* f) { return IsDefinedIn(lines, *f); });
    const bool fits = SourceMismatch(use, lines).empty();
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
