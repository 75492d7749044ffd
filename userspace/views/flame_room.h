// The flame graph in blocks of text, the root on top.
#ifndef PROFD_USERSPACE_VIEWS_FLAME_ROOM_H_
#define PROFD_USERSPACE_VIEWS_FLAME_ROOM_H_

#include <vector>

#include "userspace/views/room.h"

namespace profd {

struct FlameBox {
  uint32_t node = 0;
  int row = 0;
  int begin = 0;  // columns
  int end = 0;
  bool is_rest = false;  // children of `node` too narrow for a column each
};

// The boxes of rows first_row to first_row + rows - 1, `root` being row 0 and as wide as all
// columns. What is narrower than a column is not looked below.
std::vector<FlameBox> LayOut(const CallTree& tree, uint32_t root, int columns, int first_row,
                             int rows);

class FlameRoom : public Room {
 public:
  void Rebuild(const Exploration& exploration) override;
  bool Press(const Key& key, const Exploration& exploration, const ScreenSize& size) override;
  Screen Render(const Exploration& exploration, const ScreenSize& size) const override;
  std::shared_ptr<const Function> Selected(const Exploration& exploration) const override;
  void NextMatch(const Exploration& exploration, int step) override;

 private:
  uint32_t root_ = 0;
  uint32_t selected_ = 0;
  std::vector<uint32_t> before_;  // roots that were zoomed out of
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_FLAME_ROOM_H_
