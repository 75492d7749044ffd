// The profiles that a command was given.
#ifndef PROFD_USERSPACE_CLI_INPUTS_H_
#define PROFD_USERSPACE_CLI_INPUTS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "userspace/analysis/filter.h"
#include "userspace/profile/recording.h"

namespace profd {

struct InputFile {
  std::string path;
  bool is_listed = false;  // found in a directory, from which it may go at any time
};

// Directories stand for all *.pb.gz below them. Sorted by path; a file named twice is read once.
// NOT_FOUND names the directory without any.
absl::StatusOr<std::vector<InputFile>> ExpandInputs(const std::vector<std::string>& paths);

// "-" is standard input, however often it is read. NOT_FOUND: no such file.
absl::StatusOr<std::shared_ptr<const Recording>> ReadInput(const std::string& path);

// Reads, filters and hands over one file after the other: one is in memory at a time. Says on
// stderr which files could only be counted whole, and on a terminal how far it is. A visit that
// fails ends it. Listed files that have gone are left out.
absl::Status ForEachInput(const std::vector<InputFile>& files, Filter filter,
                          const std::function<absl::Status(const Recording&)>& visit);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_INPUTS_H_
