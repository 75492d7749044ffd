// The table of `top` as text: which columns fit, and a row in them.
#ifndef PROFD_USERSPACE_VIEWS_TOP_COLUMNS_H_
#define PROFD_USERSPACE_VIEWS_TOP_COLUMNS_H_

#include <cstdint>

#include "userspace/views/screen.h"
#include "userspace/views/top_stats.h"

namespace profd {

// In the order of their digits, which are py-spy's.
enum class TopSort : uint8_t { kSelfShare = 1, kCumulativeShare, kSelfTime, kCumulativeTime };

class TopColumns {
 public:
  // As many as fit. They leave in this order: trend, self time, cumulative time, file:line,
  // cumulative share, self share; what is sorted by stays. The function stays always.
  TopColumns(int width, TopSort sort, bool with_signs, bool full_filenames);

  Line Heading() const;
  Line RowLine(const TopStats& stats, const TopStats::Row& row, bool is_marked) const;

 private:
  int width_;
  TopSort sort_;
  bool with_signs_;
  bool full_filenames_;
  bool trend_ = true;
  bool self_share_ = true;
  bool cumulative_share_ = true;
  bool self_time_ = true;
  bool cumulative_time_ = true;
  int function_width_ = 0;
  int where_width_ = 0;  // 0: left
};

// "pkg/app.py:42", from below what depends on where something was installed, unless `full`.
std::string WhereText(const Function& function, int line, bool full = false);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_COLUMNS_H_
