// The profiles that a command was given.
#ifndef PROFD_USERSPACE_CLI_INPUTS_H_
#define PROFD_USERSPACE_CLI_INPUTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "userspace/analysis/filter.h"
#include "userspace/profile/recording.h"

namespace profd {

// Directories stand for all *.pb.gz below them. Sorted by path; a file named twice is read once.
// NOT_FOUND names the directory without any.
absl::StatusOr<std::vector<std::string>> ExpandInputs(const std::vector<std::string>& paths);

// Reads, filters and hands over one file after the other: one is in memory at a time. Says on
// stderr which files could only be counted whole, and on a terminal how far it is.
absl::Status ForEachInput(const std::vector<std::string>& files, Filter filter,
                          const std::function<void(const Recording&)>& visit);

// What the files span before any filter; for times that are relative to it.
absl::StatusOr<Extent> ExtentOfInputs(const std::vector<std::string>& files);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_INPUTS_H_
