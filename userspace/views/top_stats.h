// What `top` has seen: each function's (or line's) time in the last interval and since the start;
// CPU time, or wall time where the profiles have it.
#ifndef PROFD_USERSPACE_VIEWS_TOP_STATS_H_
#define PROFD_USERSPACE_VIEWS_TOP_STATS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "symbolizer/frame.h"
#include "userspace/profile/profile.h"

namespace profd {

enum class Trend : int8_t { kDown = -1, kSteady = 0, kUp = 1 };

class TopStats {
 public:
  struct Weight {
    int64_t ns = 0;
    int64_t samples = 0;
    // Samples that the intervals before make one expect; NaN-free, 0 at first.
    double expected = 0;
    int64_t total_ns = 0;  // since the start
  };

  struct Row {
    std::shared_ptr<const Function> function;
    int line = 0;       // 0 where rows are functions
    Weight self;        // at the leaf
    Weight cumulative;  // anywhere in the stack, once a sample however deep it recurs
  };

  explicit TopStats(bool by_line) : by_line_(by_line) {}

  // One interval's profile; it need not outlive the call.
  void Add(const Profile& interval);

  // A row keeps its index for ever. Past kMaxRows, new ones share the last: "[more functions]".
  const std::vector<Row>& rows() const { return rows_; }
  int64_t interval_ns() const { return interval_ns_; }
  int64_t total_ns() const { return total_ns_; }
  // Of the last interval against those before it: beyond twice the standard deviation of counts.
  Trend TrendOf(const Weight& weight) const;

  static constexpr size_t kMaxRows = 200'000;

 private:
  using Key = std::tuple<FrameKind, std::string, std::string, int, int>;

  size_t RowOf(const std::shared_ptr<const Function>& function, int line);

  bool by_line_;
  std::vector<Row> rows_;
  absl::flat_hash_map<Key, size_t> ids_;
  std::vector<uint64_t> seen_;  // by row: the number of the sample that last counted it
  uint64_t samples_seen_ = 0;
  int64_t interval_ns_ = 0;
  int64_t total_ns_ = 0;
  int intervals_ = 0;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_STATS_H_
