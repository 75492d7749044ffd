// One way to look at a profile, and what all ways share.
#ifndef PROFD_USERSPACE_VIEWS_ROOM_H_
#define PROFD_USERSPACE_VIEWS_ROOM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "userspace/analysis/call_tree.h"
#include "userspace/analysis/measure.h"
#include "userspace/profile/recording.h"
#include "userspace/views/key.h"
#include "userspace/views/recording_range.h"
#include "userspace/views/screen.h"

namespace profd {

struct Exploration {
  Recording all;
  Profile part;  // of `all`, where a range is chosen
  bool has_part = false;
  TimeRange range;  // of `part`
  Measure measure = Measure::kCpu;
  CallTree tree;              // of profile()
  std::vector<bool> matches;  // by function of profile(); empty: nothing is searched for
  bool has_colour = false;

  const Profile& profile() const { return has_part ? part : all.profile; }
  bool Matches(uint32_t function) const { return !matches.empty() && matches[function]; }
  // Seconds, or a count of samples.
  std::string WeightCell(int64_t weight) const;
  int64_t total() const { return tree.nodes.empty() ? 0 : tree.nodes[0].cumulative; }
};

class Room {
 public:
  virtual ~Room() = default;

  // The profile or its tree is another; indices that were kept mean nothing any more.
  virtual void Rebuild(const Exploration& exploration) = 0;
  // False: the key means nothing here. `size` is the room's own.
  virtual bool Press(const Key& key, const Exploration& exploration, const ScreenSize& size) = 0;
  // At most size.rows lines.
  virtual Screen Render(const Exploration& exploration, const ScreenSize& size) const = 0;
  // Under the cursor; null: none.
  virtual std::shared_ptr<const Function> Selected(const Exploration& exploration) const = 0;
  // To the next frame that matches: step 1 or -1, or 0 for the first from the cursor on.
  virtual void NextMatch(const Exploration& exploration, int step) = 0;
};

// The ink of a frame that is not matched, or of one that is.
Ink FrameInk(const Function& function, bool is_match);
// "* name", with the sign where colour cannot say the class.
std::string FrameLabel(const Function& function, bool has_colour);

// Depth first below `root`, which follows its last node: wraps around.
uint32_t NextInOrder(const CallTree& tree, uint32_t node, uint32_t root);
// The next node below `root` that matches, or `node` when there is none.
uint32_t NextMatchingNode(const Exploration& exploration, uint32_t node, uint32_t root, int step);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_ROOM_H_
