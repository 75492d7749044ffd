// Functions as a table.
#ifndef PROFD_USERSPACE_VIEWS_FUNCTION_ROOM_H_
#define PROFD_USERSPACE_VIEWS_FUNCTION_ROOM_H_

#include <vector>

#include "userspace/views/list_cursor.h"
#include "userspace/views/room.h"

namespace profd {

class FunctionRoom : public Room {
 public:
  void Rebuild(const Exploration& exploration) override;
  bool Press(const Key& key, const Exploration& exploration, const ScreenSize& size) override;
  Screen Render(const Exploration& exploration, const ScreenSize& size) const override;
  std::shared_ptr<const Function> Selected(const Exploration& exploration) const override;
  void NextMatch(const Exploration& exploration, int step) override;

 private:
  struct Row {
    uint32_t function = 0;
    int64_t self = 0;
    int64_t cumulative = 0;  // once a sample
  };
  void Sort();

  std::vector<Row> rows_;  // those with samples
  int64_t total_ = 0;
  ListCursor cursor_;
  bool by_cumulative_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_FUNCTION_ROOM_H_
