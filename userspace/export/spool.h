// Profiles on disk, kept for a time and up to a size:
//   DIRECTORY/<host>/<YYYY-MM-DD>/<YYYYMMDDTHHMMSS.mmmZ>-cpu.pb.gz      (UTC, start of the window)
//
// Only files of that name in directories of that name are ever counted or deleted, and no
// symbolic link below DIRECTORY is followed. Not thread-safe.
#ifndef PROFD_USERSPACE_EXPORT_SPOOL_H_
#define PROFD_USERSPACE_EXPORT_SPOOL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "symbolizer/process/descriptor.h"

namespace profd {

class Spool {
 public:
  struct Options {
    std::string directory;  // made when missing, its parents not
    std::string host;       // empty: the machine's host name; cleaned by SanitizeHost()
    absl::Duration keep;    // age, by the start of the window
    uint64_t max_bytes = 0;
  };

  struct Evicted {
    uint64_t files = 0;
    uint64_t bytes = 0;
  };

  struct Stats {
    uint64_t files = 0;  // there now
    uint64_t bytes = 0;
    Evicted by_age;  // since Open()
    Evicted by_size;
    uint64_t temporaries_removed = 0;
  };

  // Takes the directory's lock, removes what a crashed agent left half-written and counts the
  // files that are there. FAILED_PRECONDITION: another agent holds the lock.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const Options& options);

  // Makes room (by age and size, oldest first), then writes; never over an existing file: a
  // second profile of one start gets the suffix -2. Yields the path. A directory that was deleted
  // is made anew; where the disk is full, the oldest profiles go and the write is tried once more.
  // RESOURCE_EXHAUSTED: the disk is full, or `data` alone is larger than max_bytes.
  absl::StatusOr<std::string> Write(absl::Time window_start, absl::string_view data,
                                    absl::Time now);

  // Deletes what is older than `keep`, then the oldest while more than max_bytes are used. A file
  // that cannot be deleted does not keep others; the first such error is returned.
  absl::Status Evict(absl::Time now);

  const Stats& stats() const { return stats_; }
  const std::string& path() const { return path_; }  // DIRECTORY/<host>

 private:
  // Start of the window as in the file's name, and 1 or its suffix: the order of age.
  using Key = std::pair<std::string, int>;

  Spool(const Options& options, const std::string& host)
      : options_(options), host_(host), path_(options.directory + "/" + host) {}

  absl::Status OpenDirectory();
  // Deleted, or another stands in its place.
  bool DirectoryIsGone() const;
  absl::Status Lock();
  absl::Status Scan();
  absl::Status ScanDate(const std::string& date);
  absl::StatusOr<std::string> WriteFile(const std::string& start, absl::string_view data);
  absl::Status EvictBeyond(absl::Time now, uint64_t max_bytes);
  absl::Status Delete(const Key& key);

  Options options_;
  std::string host_;
  std::string path_;
  Descriptor host_fd_;
  Descriptor lock_fd_;
  std::map<Key, uint64_t> files_;  // bytes
  Stats stats_;
};

// A host name as one safe path component: [A-Za-z0-9._-], no leading dot, never empty.
std::string SanitizeHost(absl::string_view host);

}  // namespace profd

#endif  // PROFD_USERSPACE_EXPORT_SPOOL_H_
