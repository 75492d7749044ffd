// Which processes the user asked for.
#ifndef PROFD_USERSPACE_COLLECTOR_SELECTION_H_
#define PROFD_USERSPACE_COLLECTOR_SELECTION_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace profd {

class Selection {
 public:
  static Selection All() { return Selection(); }
  static Selection Pids(const std::vector<pid_t>& pids);
  // These, and all their descendants.
  static Selection Trees(const std::vector<pid_t>& pids);
  // Regular expression (RE2), found anywhere in the process's name. kInvalidArgument names
  // what is wrong with it.
  static absl::StatusOr<Selection> CommPattern(const std::string& pattern);

  bool is_all() const { return pids_.empty() && pattern_ == nullptr; }
  // Descendants of Trees() are the caller's to know.
  bool Matches(pid_t pid, absl::string_view comm) const;
  const absl::flat_hash_set<pid_t>& pids() const { return pids_; }
  bool by_name() const { return pattern_ != nullptr; }
  bool has_descendants() const { return has_descendants_; }

 private:
  absl::flat_hash_set<pid_t> pids_;
  bool has_descendants_ = false;
  std::shared_ptr<const re2::RE2> pattern_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_SELECTION_H_
