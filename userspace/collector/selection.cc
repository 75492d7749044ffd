#include "userspace/collector/selection.h"

#include "absl/strings/str_cat.h"

namespace profd {

Selection Selection::Pids(const std::vector<pid_t>& pids) {
  Selection selection;
  selection.pids_.insert(pids.begin(), pids.end());
  return selection;
}

Selection Selection::Trees(const std::vector<pid_t>& pids) {
  Selection selection = Pids(pids);
  selection.has_descendants_ = true;
  return selection;
}

absl::StatusOr<Selection> Selection::CommPattern(const std::string& pattern) {
  Selection selection;
  try {
    selection.pattern_ = std::make_shared<const std::regex>(pattern);
  } catch (const std::regex_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", pattern, "\" is not a regular expression: ", error.what()));
  }
  return selection;
}

bool Selection::Matches(pid_t pid, absl::string_view comm) const {
  if (is_all()) return true;
  if (pids_.contains(pid)) return true;
  if (pattern_ == nullptr) return false;
  try {
    return std::regex_search(comm.begin(), comm.end(), *pattern_);
  } catch (const std::regex_error&) {  // too much work for the name that a process chose
    return false;
  }
}

}  // namespace profd
