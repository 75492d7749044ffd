#include "userspace/views/function_room.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"
#include "userspace/views/top_columns.h"

namespace profd {

void FunctionRoom::Rebuild(const Exploration& exploration) {
  const Profile& profile = exploration.profile();
  std::vector<Row> rows(profile.functions().size());
  std::vector<uint64_t> seen(rows.size());  // number of the sample that last counted it
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i].function = i;
  uint64_t number = 0;
  total_ = 0;
  for (const Profile::Sample& sample : profile.samples()) {
    ++number;
    const int64_t weight = WeightOf(sample, exploration.measure);
    total_ += weight;
    bool is_leaf = true;
    for (uint32_t location : profile.stack(sample.stack)) {
      const uint32_t at = profile.locations()[location].function;
      if (std::exchange(is_leaf, false)) rows[at].self += weight;
      if (std::exchange(seen[at], number) != number) rows[at].cumulative += weight;
    }
  }
  rows_.clear();
  for (const Row& row : rows) {
    if (seen[row.function] != 0) rows_.push_back(row);
  }
  cursor_ = {};
  Sort();
}

void FunctionRoom::Sort() {
  std::sort(rows_.begin(), rows_.end(), [this](const Row& a, const Row& b) {
    const auto key = [this](const Row& row) {
      const auto [first, second] = by_cumulative_ ? std::pair(row.cumulative, row.self)
                                                  : std::pair(row.self, row.cumulative);
      return std::tuple(-first, -second, row.function);
    };
    return key(a) < key(b);
  });
}

bool FunctionRoom::Press(const Key& key, const Exploration&, const ScreenSize& size) {
  if (key.Is('s')) {
    by_cumulative_ = !by_cumulative_;
    cursor_ = {};
    Sort();
    return true;
  }
  return cursor_.Press(key, static_cast<int>(rows_.size()), std::max(size.rows - 1, 1));
}

Screen FunctionRoom::Render(const Exploration& exploration, const ScreenSize& size) const {
  Screen screen;
  const int where_width = size.columns >= 60 ? size.columns / 3 : 0;
  const int name_width = std::max(size.columns - 33 - (where_width > 0 ? where_width + 1 : 0), 0);
  const std::string mark(Glyph("▼", "v"));
  screen.push_back(Line(FitLeft(FitRight(by_cumulative_ ? "Self" : "Self" + mark, 7) + "         " +
                                    FitRight(by_cumulative_ ? "Cum" + mark : "Cum", 7) +
                                    "          Function (s: sort)",
                                size.columns),
                        Ink::kPlain, /*reverse=*/true));
  const int rows = size.rows - 1;
  const int first = cursor_.FirstOnPage(rows);
  for (int i = first; i < std::min<int>(first + rows, rows_.size()); ++i) {
    const Row& row = rows_[i];
    const Function& function = *exploration.profile().functions()[row.function];
    Line line;
    for (const int64_t weight : {row.self, row.cumulative}) {
      line.Add(FitRight(ShareCell(weight, total_), 7) +
               FitRight(exploration.WeightCell(weight), 9));
    }
    line.Add(" ");
    line.Add(FitLeft(FrameLabel(function, exploration.has_colour), name_width),
             FrameInk(function, exploration.Matches(row.function)));
    if (where_width > 0) line.Add(" " + FitTail(WhereText(function, 0), where_width), Ink::kDim);
    if (i == cursor_.at) line.Reverse();
    screen.push_back(std::move(line));
  }
  return screen;
}

std::shared_ptr<const Function> FunctionRoom::Selected(const Exploration& exploration) const {
  if (rows_.empty()) return nullptr;
  return exploration.profile().functions()[rows_[cursor_.at].function];
}

void FunctionRoom::NextMatch(const Exploration& exploration, int step) {
  const auto count = static_cast<int>(rows_.size());
  for (int i = 0; i < count; ++i) {
    const int distance = step == 0 ? i : step * (i + 1);
    const int at = ((cursor_.at + distance) % count + count) % count;
    if (!exploration.Matches(rows_[at].function)) continue;
    cursor_.at = at;
    return;
  }
}

}  // namespace profd
