#include "userspace/export/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "userspace/export/atomic_file.h"

namespace profd {
namespace {

constexpr char kLockName[] = ".lock";
constexpr char kFileKind[] = "-cpu";
constexpr char kFileEnding[] = ".pb.gz";
constexpr int kMaxSuffix = 999;
constexpr size_t kMaxHostBytes = 200;
constexpr absl::string_view kStartPattern = "ddddddddTdddddd.dddZ";  // d: a digit

absl::Status Annotate(const absl::Status& status, absl::string_view path) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

bool Matches(absl::string_view text, absl::string_view pattern) {
  return text.size() == pattern.size() &&
         std::equal(text.begin(), text.end(), pattern.begin(),
                    [](char c, char p) { return p == 'd' ? absl::ascii_isdigit(c) : c == p; });
}

bool IsDate(absl::string_view name) { return Matches(name, "dddd-dd-dd"); }

// "20261121T103000.123Z" -> "2026-11-21"
std::string DateOf(absl::string_view start) {
  return absl::StrCat(start.substr(0, 4), "-", start.substr(4, 2), "-", start.substr(6, 2));
}

std::string FileName(const std::pair<std::string, int>& key) {
  const std::string suffix = key.second == 1 ? "" : absl::StrCat("-", key.second);
  return absl::StrCat(key.first, kFileKind, suffix, kFileEnding);
}

// False for any name that FileName() does not make.
bool ParseFileName(absl::string_view name, std::pair<std::string, int>* key) {
  const absl::string_view start = name.substr(0, kStartPattern.size());
  if (!Matches(start, kStartPattern)) return false;
  absl::string_view rest = name.substr(start.size());
  if (!absl::ConsumePrefix(&rest, kFileKind) || !absl::ConsumeSuffix(&rest, kFileEnding)) {
    return false;
  }
  int suffix = 1;
  if (absl::ConsumePrefix(&rest, "-") && !absl::SimpleAtoi(rest, &suffix)) return false;
  *key = {std::string(start), suffix};
  return suffix >= 1 && suffix <= kMaxSuffix && FileName(*key) == name;
}

std::string StartOf(absl::Time time) {
  return absl::FormatTime("%Y%m%dT%H%M%E3SZ", time, absl::UTCTimeZone());
}

Descriptor OpenDirectoryAt(int parent, const std::string& name) {
  return Descriptor(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

absl::Status MakeDirectoryAt(int parent, const std::string& name, Descriptor* directory) {
  const bool is_new = mkdirat(parent, name.c_str(), 0750) == 0;
  if (!is_new && errno != EEXIST) return absl::ErrnoToStatus(errno, "making the directory");
  *directory = OpenDirectoryAt(parent, name);
  if (!directory->valid()) return absl::ErrnoToStatus(errno, "opening the directory");
  if (is_new && fsync(parent) != 0) return absl::ErrnoToStatus(errno, "syncing its parent");
  return absl::OkStatus();
}

struct Entry {
  std::string name;
  mode_t type;  // S_IFREG, …; a symbolic link's own
  uint64_t bytes;
};

absl::StatusOr<std::vector<Entry>> List(int dir_fd) {
  // fdopendir takes the descriptor over, and its offset is shared with duplicates.
  const int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return absl::ErrnoToStatus(errno, "listing");
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(own), closedir);
  if (dir == nullptr) {
    close(own);
    return absl::ErrnoToStatus(errno, "listing");
  }
  std::vector<Entry> entries;
  while (const dirent* const found = readdir(dir.get())) {
    struct stat facts;
    if (fstatat(dir_fd, found->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    entries.push_back(
        {found->d_name, facts.st_mode & S_IFMT, static_cast<uint64_t>(facts.st_size)});
  }
  return entries;
}

bool IsTemporary(const Entry& entry) {
  return entry.type == S_IFREG && absl::StartsWith(entry.name, kTemporaryPrefix);
}

}  // namespace

std::string SanitizeHost(absl::string_view host) {
  std::string clean(host.substr(0, kMaxHostBytes));
  for (char& c : clean) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') {
      c = '_';
    }
  }
  if (clean.empty()) return "unknown";
  if (clean.front() == '.') clean.front() = '_';
  return clean;
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const Options& options) {
  std::string host = options.host;
  if (host.empty()) {
    char name[256] = "";
    if (gethostname(name, sizeof(name) - 1) == 0) host = name;
  }
  std::unique_ptr<Spool> spool(new Spool(options, SanitizeHost(host)));
  if (absl::Status status = spool->OpenDirectory(); !status.ok()) return status;
  return spool;
}

absl::Status Spool::OpenDirectory() {
  const std::string& directory = options_.directory;
  if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("making ", directory));
  }
  const Descriptor root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", directory));
  files_.clear();
  stats_.files = stats_.bytes = 0;
  absl::Status status = MakeDirectoryAt(root.get(), host_, &host_fd_);
  if (status.ok()) status = Lock();
  if (status.ok()) status = Scan();
  if (status.ok()) return status;
  host_fd_ = Descriptor();  // what is not locked is not ours to write to
  return Annotate(status, path_);
}

bool Spool::DirectoryIsGone() const {
  struct stat ours, named;
  if (fstat(host_fd_.get(), &ours) != 0) return true;
  if (stat(path_.c_str(), &named) != 0) return errno == ENOENT || errno == ENOTDIR;
  return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

absl::Status Spool::Lock() {
  lock_fd_ = Descriptor(openat(host_fd_.get(), kLockName,
                               O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640));
  if (!lock_fd_.valid()) return absl::ErrnoToStatus(errno, "opening the lock file");
  if (flock(lock_fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, "locking");
    char holder[24] = "";
    const ssize_t bytes = pread(lock_fd_.get(), holder, sizeof(holder) - 1, 0);
    const absl::string_view pid(holder, bytes > 0 ? static_cast<size_t>(bytes) : 0);
    return absl::FailedPreconditionError(
        absl::StrCat("another profd (PID ", absl::StripAsciiWhitespace(pid),
                     ") writes here; give each its own directory"));
  }
  // The PID is for the message above only: a disk too full to hold it does not matter.
  const std::string pid = absl::StrCat(getpid(), "\n");
  const bool written =
      ftruncate(lock_fd_.get(), 0) == 0 && pwrite(lock_fd_.get(), pid.data(), pid.size(), 0) > 0;
  (void)written;
  return absl::OkStatus();
}

absl::Status Spool::Scan() {
  const absl::StatusOr<std::vector<Entry>> entries = List(host_fd_.get());
  if (!entries.ok()) return entries.status();
  for (const Entry& entry : *entries) {
    if (entry.type != S_IFDIR || !IsDate(entry.name)) continue;
    if (absl::Status s = ScanDate(entry.name); !s.ok()) return Annotate(s, entry.name);
  }
  return absl::OkStatus();
}

absl::Status Spool::ScanDate(const std::string& date) {
  const Descriptor dir = OpenDirectoryAt(host_fd_.get(), date);
  if (!dir.valid()) return absl::ErrnoToStatus(errno, "opening the directory");
  const absl::StatusOr<std::vector<Entry>> entries = List(dir.get());
  if (!entries.ok()) return entries.status();
  for (const Entry& entry : *entries) {
    Key key;
    if (IsTemporary(entry)) {
      if (unlinkat(dir.get(), entry.name.c_str(), 0) == 0) ++stats_.temporaries_removed;
    } else if (entry.type == S_IFREG && ParseFileName(entry.name, &key) &&
               DateOf(key.first) == date) {
      files_.emplace(key, entry.bytes);
      ++stats_.files;
      stats_.bytes += entry.bytes;
    }
  }
  // Leaves a directory alone that still holds anything.
  unlinkat(host_fd_.get(), date.c_str(), AT_REMOVEDIR);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Spool::Write(absl::Time window_start, absl::string_view data,
                                         absl::Time now) {
  const std::string start = StartOf(window_start);
  if (!Matches(start, kStartPattern)) {
    return absl::InvalidArgumentError(absl::StrCat("no file name for the time ", start));
  }
  if (data.size() > options_.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path_, ": a profile of ", data.size(),
                     " bytes is larger than the whole spool may be (", options_.max_bytes, ")"));
  }
  if (DirectoryIsGone()) {
    if (absl::Status s = OpenDirectory(); !s.ok()) return s;
  }
  // What cannot be deleted must not keep new profiles out.
  (void)EvictBeyond(now, options_.max_bytes - data.size());
  auto path = WriteFile(start, data);
  if (path.ok() || !absl::IsResourceExhausted(path.status()) || files_.empty()) return path;
  // The disk is full, if of other things: the new profile is worth more than the oldest ones.
  (void)EvictBeyond(now, stats_.bytes - std::min<uint64_t>(stats_.bytes, data.size()));
  return WriteFile(start, data);
}

absl::StatusOr<std::string> Spool::WriteFile(const std::string& start, absl::string_view data) {
  const std::string date = DateOf(start);
  Descriptor dir;
  if (absl::Status s = MakeDirectoryAt(host_fd_.get(), date, &dir); !s.ok()) {
    return Annotate(s, absl::StrCat(path_, "/", date));
  }
  absl::Status status;
  for (int suffix = 1; suffix <= kMaxSuffix; ++suffix) {
    const Key key{start, suffix};
    if (files_.contains(key)) continue;
    status = WriteFileAt(dir.get(), FileName(key), data, {.if_exists = IfExists::kFail});
    if (status.ok()) {
      files_.emplace(key, data.size());
      ++stats_.files;
      stats_.bytes += data.size();
      return absl::StrCat(path_, "/", date, "/", FileName(key));
    }
    if (!absl::IsAlreadyExists(status)) break;
  }
  unlinkat(host_fd_.get(), date.c_str(), AT_REMOVEDIR);
  if (status.ok()) status = absl::AlreadyExistsError("too many profiles of one start");
  return Annotate(status, absl::StrCat(path_, "/", date));
}

absl::Status Spool::Evict(absl::Time now) { return EvictBeyond(now, options_.max_bytes); }

absl::Status Spool::EvictBeyond(absl::Time now, uint64_t max_bytes) {
  const std::string oldest_kept = StartOf(now - options_.keep);
  const bool limited_age = Matches(oldest_kept, kStartPattern);
  absl::Status first_error;
  for (auto file = files_.begin(); file != files_.end();) {
    const bool too_old = limited_age && file->first.first < oldest_kept;
    if (!too_old && stats_.bytes <= max_bytes) break;
    const auto [key, bytes] = *file;
    if (absl::Status s = Delete(key); !s.ok()) {
      first_error.Update(s);
      ++file;
      continue;
    }
    file = files_.erase(file);
    Evicted& evicted = too_old ? stats_.by_age : stats_.by_size;
    ++evicted.files;
    evicted.bytes += bytes;
    --stats_.files;
    stats_.bytes -= bytes;
  }
  return first_error;
}

absl::Status Spool::Delete(const Key& key) {
  const std::string date = DateOf(key.first);
  const Descriptor dir = OpenDirectoryAt(host_fd_.get(), date);
  // Somebody else deleted it: as good.
  if (!dir.valid() && errno == ENOENT) return absl::OkStatus();
  if (!dir.valid() || (unlinkat(dir.get(), FileName(key).c_str(), 0) != 0 && errno != ENOENT)) {
    const int error = errno;
    return absl::ErrnoToStatus(error,
                               absl::StrCat("deleting ", path_, "/", date, "/", FileName(key)));
  }
  unlinkat(host_fd_.get(), date.c_str(), AT_REMOVEDIR);
  return absl::OkStatus();
}

}  // namespace profd
