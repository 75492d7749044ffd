// Who calls whom, opened a branch at a time.
#ifndef PROFD_USERSPACE_VIEWS_TREE_ROOM_H_
#define PROFD_USERSPACE_VIEWS_TREE_ROOM_H_

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "userspace/views/list_cursor.h"
#include "userspace/views/room.h"

namespace profd {

class TreeRoom : public Room {
 public:
  void Rebuild(const Exploration& exploration) override;
  bool Press(const Key& key, const Exploration& exploration, const ScreenSize& size) override;
  Screen Render(const Exploration& exploration, const ScreenSize& size) const override;
  std::shared_ptr<const Function> Selected(const Exploration& exploration) const override;
  void NextMatch(const Exploration& exploration, int step) override;

 private:
  struct Shown {
    uint32_t node;
    int depth;
  };

  void Open(const CallTree& tree, uint32_t node);
  // What is below an open node, in order.
  void List(const CallTree& tree);
  void Select(uint32_t node);

  absl::flat_hash_set<uint32_t> open_;
  std::vector<Shown> shown_;
  ListCursor cursor_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TREE_ROOM_H_
