#ifndef PROFD_USERSPACE_ANALYSIS_COMMENT_SUM_H_
#define PROFD_USERSPACE_ANALYSIS_COMMENT_SUM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace profd {

// Lines of comments.h added up by name and labels (of assumed periods the longest is kept, as of a
// window's own); other tools' lines are kept once each.
class CommentSum {
 public:
  void Add(absl::string_view line);
  // Sorted. Where there are more processes than max_lines leave room for, their CPU time is added
  // up by name, without PIDs.
  std::vector<std::string> Lines(size_t max_lines) const;

 private:
  struct Sum {
    absl::int128 billionths = 0;
    int digits = 0;  // after the point, at most 9
  };
  using Key = std::pair<std::string, std::vector<std::pair<std::string, std::string>>>;
  std::map<Key, Sum> sums_;
  std::set<std::string> others_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_COMMENT_SUM_H_
