// When it ran: a row a thread, a column a stretch of time, a shade for how much of it.
#ifndef PROFD_USERSPACE_VIEWS_TIME_ROOM_H_
#define PROFD_USERSPACE_VIEWS_TIME_ROOM_H_

#include <optional>
#include <string>
#include <vector>

#include "userspace/views/list_cursor.h"
#include "userspace/views/room.h"

namespace profd {

class TimeRoom : public Room {
 public:
  void Rebuild(const Exploration& exploration) override;
  bool Press(const Key& key, const Exploration& exploration, const ScreenSize& size) override;
  Screen Render(const Exploration& exploration, const ScreenSize& size) const override;
  std::shared_ptr<const Function> Selected(const Exploration&) const override { return nullptr; }
  void NextMatch(const Exploration& exploration, int step) override;

  // A range that was chosen since the last call.
  std::optional<TimeRange> TakeRange();

 private:
  struct Row {
    std::string label;
    Profile::LabelsId labels;
    int64_t weight = 0;
    bool is_main = false;
  };
  // Shares of a column's time, by row (the first is all of them together) and column.
  struct Cells {
    std::vector<std::vector<double>> all;
    std::vector<std::vector<double>> matched;
  };

  int Columns(const ScreenSize& size) const;
  Cells Count(const Exploration& exploration, int columns) const;
  TimeRange RangeOf(int from, int to, int columns) const;

  TimeRange extent_;
  std::vector<Row> rows_;                // threads, main threads first, then the busiest
  std::vector<uint32_t> row_of_sample_;  // index into rows_, by sample of Exploration::all
  ListCursor row_;
  int column_ = 0;
  std::optional<int> anchor_;  // column where a range begins
  std::optional<TimeRange> chosen_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TIME_ROOM_H_
