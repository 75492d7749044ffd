#include <sys/sysmacros.h>

#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "symbolizer/process/proc_files.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

constexpr size_t kMaxMappings = 65536;
constexpr size_t kMaxPathBytes = 4096;
// Without a path a line has less than 100 bytes; most have a path of less than 156.
constexpr size_t kMaxMapsBytes = kMaxMappings * 256;

// Takes what stands before `separator` off the front of `text`.
absl::string_view TakeUntil(absl::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const absl::string_view field = text.substr(0, end);
  text = end == absl::string_view::npos ? absl::string_view() : text.substr(end + 1);
  return field;
}

// proc_pid_maps(5): "start-end perms offset major:minor inode    path".
std::optional<Mapping> ParseLine(absl::string_view line) {
  Mapping mapping;
  uint32_t major_number = 0;
  uint32_t minor_number = 0;
  if (!absl::SimpleHexAtoi(TakeUntil(line, '-'), &mapping.start)) return std::nullopt;
  if (!absl::SimpleHexAtoi(TakeUntil(line, ' '), &mapping.end)) return std::nullopt;
  const absl::string_view permissions = TakeUntil(line, ' ');
  if (permissions.size() != 4 || mapping.end <= mapping.start) return std::nullopt;
  mapping.readable = permissions[0] == 'r';
  mapping.writable = permissions[1] == 'w';
  mapping.executable = permissions[2] == 'x';
  if (!absl::SimpleHexAtoi(TakeUntil(line, ' '), &mapping.offset)) return std::nullopt;
  if (!absl::SimpleHexAtoi(TakeUntil(line, ':'), &major_number)) return std::nullopt;
  if (!absl::SimpleHexAtoi(TakeUntil(line, ' '), &minor_number)) return std::nullopt;
  mapping.device = makedev(major_number, minor_number);
  if (!absl::SimpleAtoi(TakeUntil(line, ' '), &mapping.inode)) return std::nullopt;
  // The path starts at a fixed column and may itself start or end with spaces after that.
  const size_t path_start = line.find_first_not_of(' ');
  if (path_start == absl::string_view::npos) return mapping;
  line.remove_prefix(path_start);
  mapping.deleted = absl::ConsumeSuffix(&line, " (deleted)");
  // fs/proc/task_mmu.c escapes newlines, and only those.
  mapping.path = absl::StrReplaceAll(line.substr(0, kMaxPathBytes), {{"\\012", "\n"}});
  return mapping;
}

absl::StatusOr<std::vector<Mapping>> ReadMappingsOfThread(pid_t tid) {
  absl::StatusOr<std::string> text = ReadProcFile(tid, "maps", kMaxMapsBytes);
  if (!text.ok()) return text.status();
  // A text cut at the limit ends inside a line.
  if (text->size() == kMaxMapsBytes) text->resize(text->rfind('\n') + 1);
  return ParseMappings(*text);
}

}  // namespace

std::vector<Mapping> ParseMappings(absl::string_view text) {
  std::vector<Mapping> result;
  while (!text.empty() && result.size() < kMaxMappings) {
    std::optional<Mapping> mapping = ParseLine(TakeUntil(text, '\n'));
    if (mapping.has_value()) result.push_back(*std::move(mapping));
  }
  return result;
}

absl::StatusOr<std::vector<Mapping>> ReadMappings(pid_t pid) {
  absl::StatusOr<std::vector<Mapping>> mappings = ReadMappingsOfThread(pid);
  if (!mappings.ok() || !mappings->empty()) return mappings;
  for (pid_t tid : OtherThreads(pid)) {
    absl::StatusOr<std::vector<Mapping>> of_thread = ReadMappingsOfThread(tid);
    if (of_thread.ok() && !of_thread->empty()) return of_thread;
  }
  return mappings;
}

}  // namespace profd
