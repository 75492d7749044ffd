// The screens of `profctl report -i`: a table, a tree, a flame graph and a timeline of one
// recording. What they show follows from it, the keys and the size alone.
#ifndef PROFD_USERSPACE_VIEWS_EXPLORER_H_
#define PROFD_USERSPACE_VIEWS_EXPLORER_H_

#include <array>
#include <optional>
#include <string>

#include "userspace/analysis/measure.h"
#include "userspace/profile/recording.h"
#include "userspace/views/flame_room.h"
#include "userspace/views/function_room.h"
#include "userspace/views/matcher.h"
#include "userspace/views/prompt.h"
#include "userspace/views/room.h"
#include "userspace/views/time_room.h"
#include "userspace/views/tree_room.h"

namespace profd {

class Explorer {
 public:
  enum class Action { kNone, kQuit };

  Explorer(Recording recording, Measure measure, bool has_colour);

  Action Press(const Key& key, const ScreenSize& size);
  Screen Render(const ScreenSize& size) const;

 private:
  static constexpr int kRooms = 4;

  ScreenSize RoomSize(const ScreenSize& size) const;
  void Rebuild();
  void Choose(const std::optional<TimeRange>& range);
  void Search(const std::string& text);
  void SearchSelected();
  void Match();
  void Leave();
  Line Tabs(int columns) const;
  Line Summary(int columns) const;
  Line Footer(int columns) const;

  Exploration exploration_;
  FunctionRoom functions_;
  TreeRoom tree_;
  FlameRoom flame_;
  TimeRoom time_;
  const std::array<Room*, kRooms> rooms_ = {&functions_, &tree_, &flame_, &time_};
  int room_ = 0;

  // The tree: of all, below a function, or of its callers.
  TreeKind tree_kind_ = TreeKind::kAll;
  std::shared_ptr<const Function> chosen_;

  Prompt prompt_;
  std::optional<Matcher> matcher_;
  std::shared_ptr<const Function> same_name_;  // `#`: this name, exactly
  std::string searched_;
  int64_t matched_ = 0;  // each sample once
  std::string message_;
  bool help_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_EXPLORER_H_
