// Which processes the user asked for.
#ifndef PROFD_USERSPACE_COLLECTOR_SELECTION_H_
#define PROFD_USERSPACE_COLLECTOR_SELECTION_H_

#include <sys/types.h>

#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace profd {

class Selection {
 public:
  static Selection All() { return Selection(); }
  static Selection Pids(const std::vector<pid_t>& pids);
  // These, and all their descendants.
  static Selection Trees(const std::vector<pid_t>& pids);
  // ECMAScript regular expression, found anywhere in the process's name. kInvalidArgument names
  // what is wrong with it.
  static absl::StatusOr<Selection> CommPattern(const std::string& pattern);

  bool is_all() const { return pids_.empty() && pattern_ == nullptr; }
  // Descendants of Trees() are the caller's to know.
  bool Matches(pid_t pid, absl::string_view comm) const;
  const absl::flat_hash_set<pid_t>& pids() const { return pids_; }
  bool has_descendants() const { return has_descendants_; }

 private:
  absl::flat_hash_set<pid_t> pids_;
  bool has_descendants_ = false;
  std::shared_ptr<const std::regex> pattern_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_SELECTION_H_
