// The screen of `profd top`: what it shows follows from the profiles of the intervals, the keys
// and the size alone.
#ifndef PROFD_USERSPACE_VIEWS_TOP_VIEW_H_
#define PROFD_USERSPACE_VIEWS_TOP_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/analysis/profile_sum.h"
#include "userspace/profile/profile.h"
#include "userspace/views/key.h"
#include "userspace/views/list_cursor.h"
#include "userspace/views/matcher.h"
#include "userspace/views/neighbours.h"
#include "userspace/views/prompt.h"
#include "userspace/views/screen.h"
#include "userspace/views/top_columns.h"
#include "userspace/views/top_facts.h"
#include "userspace/views/top_stats.h"

namespace profd {

class TopView {
 public:
  struct Options {
    std::string title = "profd top";
    bool has_colour = false;
    bool by_line = false;
    bool full_filenames = false;
    bool idle = false;      // the profiles have wall time: threads that wait, too
    bool gil_only = false;  // only threads that hold the GIL are in them
  };
  // What the caller is to do: kIdle and kGil ask for the other setting, see SetMode().
  enum class Action { kNone, kQuit, kWrite, kIdle, kGil };

  explicit TopView(const Options& options);
  void set_has_colour(bool has_colour) { options_.has_colour = has_colour; }

  const Options& options() const { return options_; }
  // The profiles to come are of these threads; those before are forgotten.
  void SetMode(bool idle, bool gil_only);

  void Add(const Profile& interval, const TopFacts& facts);
  Action Press(const Key& key, const ScreenSize& size);
  // One line at the foot, until the next key.
  void Say(std::string message) { message_ = std::move(message); }
  Screen Render(const ScreenSize& size) const;

  // All before was forgotten: the user has asked for it, or for other threads.
  bool began_anew() const { return began_anew_; }
  // Since the start, or since it began anew.
  const Profile& profile() const { return sum_->profile(); }
  // Rows in the order of the screen: those that ever had time.
  std::vector<const TopStats::Row*> Rows() const;
  const TopStats& stats() const { return by_line_ ? lines_ : functions_; }
  const TopFacts& facts() const { return facts_; }  // of the last interval
  const TopFacts& total() const { return total_; }  // as profile()
  // That had samples in the last interval.
  size_t threads() const { return threads_; }
  // The lines above the table, of any width.
  Screen Header() const;
  // Header and rows, as many as fit: what is left on a screen.
  Screen Table(const ScreenSize& size) const;
  // The same, with all of profile() as its one interval.
  TopView Whole() const;

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
  void AddTable(const ScreenSize& size, int rows, bool has_cursor, Screen* screen) const;
  void AddFocus(int columns, int rows, Screen* screen) const;
  void Match();

  Options options_;
  TopFacts facts_;
  size_t threads_ = 0;
  TopStats functions_{false};
  TopStats lines_{true};
  std::unique_ptr<ProfileSum> sum_ = std::make_unique<ProfileSum>(Profile::Limits::OfWindow());
  TopFacts total_;
  bool began_anew_ = false;

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
