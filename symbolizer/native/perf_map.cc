#include "symbolizer/native/perf_map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "symbolizer/process/within.h"

namespace profd {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 20;
constexpr size_t kMaxLineBytes = 4096;
constexpr SymbolLimits kLimits = {.symbols = size_t{1} << 18, .name_bytes = size_t{4} << 20};
// A map that is always written to costs at most one part in this many of a CPU.
constexpr int kReadingShare = 50;

bool ParseHex(absl::string_view* text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *value, 16);
  if (error != std::errc() || end == text->data() + text->size() || *end != ' ') return false;
  text->remove_prefix(end + 1 - text->data());
  return true;
}

// False: no room for more.
bool AddLine(absl::string_view line, SymbolTableBuilder* builder) {
  uint64_t start = 0;
  uint64_t size = 0;
  if (!ParseHex(&line, &start) || !ParseHex(&line, &size) || size == 0) return true;
  return builder->Add(start, size, line);
}

ssize_t ReadSome(int fd, char* out, size_t bytes, off_t offset) {
  ssize_t got;
  do {
    got = pread(fd, out, bytes, offset);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

SymbolTable ReadPerfMap(int fd, const SymbolLimits& limits) {
  SymbolTableBuilder builder(limits);
  std::vector<char> chunk(size_t{64} << 10);
  std::string line;  // the last one of the chunk before, so far
  bool room = true;
  for (size_t offset = 0; room && offset < kMaxFileBytes;) {
    const ssize_t got =
        ReadSome(fd, chunk.data(), std::min(chunk.size(), kMaxFileBytes - offset), offset);
    if (got <= 0) break;
    offset += got;
    absl::string_view rest(chunk.data(), got);
    for (size_t end; room && (end = rest.find('\n')) != absl::string_view::npos;) {
      absl::string_view whole = rest.substr(0, end);
      if (!line.empty()) {
        line.append(whole.data(), std::min(whole.size(), kMaxLineBytes));
        whole = line;
      }
      room = AddLine(whole, &builder);
      line.clear();
      rest.remove_prefix(end + 1);
    }
    if (line.size() < kMaxLineBytes) line.append(rest.data(), std::min(rest.size(), kMaxLineBytes));
  }
  return std::move(builder).Build(SymbolTableBuilder::SameAddress::kLast);
}

absl::StatusOr<PerfMapOwner> ReadPerfMapOwner(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  PerfMapOwner owner;
  bool has_user = false;
  for (std::string line; std::getline(status, line);) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    if (words.size() < 2) continue;
    // "NSpid:" lists the PID per namespace, innermost last; "Uid:" real, effective, saved, fs.
    if (words[0] == "NSpid:" && !absl::SimpleAtoi(words.back(), &owner.namespace_pid)) break;
    if (words[0] == "Uid:" && words.size() >= 3) has_user = absl::SimpleAtoi(words[2], &owner.user);
  }
  if (owner.namespace_pid <= 0 || !has_user) return absl::NotFoundError("no such process");
  return owner;
}

void PerfMap::Refresh(pid_t pid) {
  const auto owner = ReadPerfMapOwner(pid);
  if (!owner.ok()) return;
  const std::string path = absl::StrCat("/tmp/perf-", owner->namespace_pid, ".map");
  const auto file = OnlyReadable(OpenInRootWithin(pid, path));
  if (!file.ok()) return;
  struct stat info;
  // Anyone can write to /tmp: perf, too, believes only the process's user and root.
  if (fstat(file->file.get(), &info) != 0 || (info.st_uid != owner->user && info.st_uid != 0))
    return;
  if (table_ && file->identity == identity_) return;
  identity_ = file->identity;
  table_.emplace(ReadPerfMap(file->file.get(), kLimits), path, "[anonymous]");
}

std::shared_ptr<const Function> PerfMap::Find(pid_t pid, uint64_t address,
                                              std::chrono::steady_clock::duration interval) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_look_) {
    Refresh(pid);
    const auto end = std::chrono::steady_clock::now();
    next_look_ = end + std::max(interval, (end - now) * kReadingShare);
  }
  return table_ ? table_->Find(address) : nullptr;
}

}  // namespace profd
