// The screen of `profd top`: what it shows follows from the profiles of the intervals, the keys
// and the size alone.
#ifndef PROFD_USERSPACE_VIEWS_TOP_VIEW_H_
#define PROFD_USERSPACE_VIEWS_TOP_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "userspace/profile/profile.h"
#include "userspace/views/key.h"
#include "userspace/views/list_cursor.h"
#include "userspace/views/matcher.h"
#include "userspace/views/neighbours.h"
#include "userspace/views/profile_sum.h"
#include "userspace/views/prompt.h"
#include "userspace/views/screen.h"
#include "userspace/views/top_columns.h"
#include "userspace/views/top_stats.h"

namespace profd {

// What of an interval is not in its profile.
struct TopFacts {
  size_t processes = 0;  // that used CPU
  double rate_hz = 0;    // reached
  double wanted_hz = 0;
  absl::Duration cpu;  // exact, of all these processes
  absl::Duration duration;
  uint64_t samples = 0;
  // Of this interval, by reason; those at 0 may be left out.
  std::vector<std::pair<std::string, uint64_t>> lost;
  std::vector<std::pair<std::string, uint64_t>> imperfect;
  std::optional<double> gil_held;  // share of the interval, 0–1
};

class TopView {
 public:
  struct Options {
    std::string title = "profd top";
    bool has_colour = false;
    bool by_line = false;
  };
  enum class Action { kNone, kQuit, kWrite };

  explicit TopView(const Options& options);
  void set_has_colour(bool has_colour) { options_.has_colour = has_colour; }

  void Add(const Profile& interval, const TopFacts& facts);
  Action Press(const Key& key, const ScreenSize& size);
  // One line at the foot, until the next key.
  void Say(std::string message) { message_ = std::move(message); }
  Screen Render(const ScreenSize& size) const;

  // Since the start, or since `R`.
  const Profile& profile() const { return sum_->profile(); }
  // Rows in the order of the screen: those that ever had time.
  std::vector<const TopStats::Row*> Rows() const;
  const TopStats& stats() const { return by_line_ ? lines_ : functions_; }
  const TopFacts& facts() const { return facts_; }
  // That had samples in the last interval.
  size_t threads() const { return threads_; }
  // The lines above the table, of any width.
  Screen Header() const;

 private:
  struct Focus {
    std::shared_ptr<const Function> function;
    ListCursor cursor;
  };

  TopStats& shown() { return by_line_ ? lines_ : functions_; }
  void Sort();
  // What the cursor moves in: rows, or a function's neighbours and itself.
  int items() const;
  void MoveTo(int item);
  void FollowCursor();
  bool Navigate(const Key& key, const ScreenSize& size);
  void Enter();
  void ToggleFollow();
  void Search();
  void NextMatch(int step);
  void Reset();

  void AddHeader(int columns, Screen* screen) const;
  Line Footer(int columns) const;
  void AddTable(const ScreenSize& size, int rows, Screen* screen) const;
  void AddFocus(int columns, int rows, Screen* screen) const;
  void Match();

  Options options_;
  TopFacts facts_;
  size_t threads_ = 0;
  TopStats functions_{false};
  TopStats lines_{true};
  std::unique_ptr<ProfileSum> sum_ = std::make_unique<ProfileSum>();
  std::vector<std::pair<std::string, uint64_t>> lost_;  // since the start, by reason
  std::vector<std::pair<std::string, uint64_t>> imperfect_;
  uint64_t samples_ = 0;
  absl::Duration duration_;

  bool by_line_;
  TopSort sort_ = TopSort::kSelfShare;
  std::vector<size_t> order_;  // indices into stats().rows()
  ListCursor cursor_;
  std::optional<size_t> followed_;  // index into stats().rows()
  std::vector<Focus> focus_;        // the way in; empty: the table
  Neighbours neighbours_;           // of focus_.back()
  bool help_ = false;
  Prompt search_;
  std::optional<Matcher> matcher_;
  int64_t matched_ns_ = 0;  // of profile(), each sample once
  std::string message_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_VIEW_H_
