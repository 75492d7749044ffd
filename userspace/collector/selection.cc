#include "userspace/collector/selection.h"

#include <re2/re2.h>

#include <utility>

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
  auto compiled = std::make_shared<const RE2>(pattern, RE2::Quiet);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", pattern, "\" is not a regular expression: ", compiled->error()));
  }
  selection.pattern_ = std::move(compiled);
  return selection;
}

bool Selection::Matches(pid_t pid, absl::string_view comm) const {
  if (is_all()) return true;
  if (pids_.contains(pid)) return true;
  return pattern_ != nullptr &&
         RE2::PartialMatch(re2::StringPiece(comm.data(), comm.size()), *pattern_);
}

}  // namespace profd
