#include "userspace/views/time_room.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "userspace/views/cells.h"

namespace profd {
namespace {

constexpr int kLabel = 20;
constexpr const char* kShades[] = {" ", "░", "▒", "▓", "█"};
constexpr const char* kAsciiShades[] = {" ", ".", ":", "*", "#"};
constexpr int kShadeCount = 5;

// Nothing is blank, whatever is there is not.
absl::string_view Shade(double share) {
  int shade = 0;
  if (share > 0) {
    shade =
        std::clamp(static_cast<int>(std::lround(share * (kShadeCount - 1))), 1, kShadeCount - 1);
  }
  return Glyph(kShades[shade], kAsciiShades[shade]);
}

std::string TimeText(int64_t time_ns) {
  return absl::FormatTime("%H:%M:%E3S", absl::FromUnixNanos(time_ns), absl::LocalTimeZone());
}

}  // namespace

// Of the whole recording: a range that is chosen stands in it.
void TimeRoom::Rebuild(const Exploration& exploration) {
  anchor_.reset();
  if (!rows_.empty()) return;
  const Profile& all = exploration.all.profile;
  extent_ = ExtentOfEvents(exploration.all);
  absl::flat_hash_map<Profile::LabelsId, uint32_t> ids;
  std::vector<uint32_t> row_of_sample;
  for (const Profile::Sample& sample : all.samples()) {
    const auto [at, is_new] = ids.try_emplace(sample.labels, static_cast<uint32_t>(rows_.size()));
    if (is_new) {
      const Labels& labels = all.labels(sample.labels);
      rows_.push_back({absl::StrCat(labels.thread.empty() ? labels.comm : labels.thread, " ",
                                    labels.tid != 0 ? labels.tid : labels.pid),
                       sample.labels, 0, labels.tid != 0 && labels.tid == labels.pid});
    }
    rows_[at->second].weight += WeightOf(sample, exploration.measure);
    row_of_sample.push_back(at->second);
  }
  std::vector<uint32_t> order(rows_.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    return std::tuple(!rows_[a].is_main, -rows_[a].weight, a) <
           std::tuple(!rows_[b].is_main, -rows_[b].weight, b);
  });
  std::vector<uint32_t> place(order.size());
  std::vector<Row> rows;
  for (uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    rows.push_back(std::move(rows_[order[i]]));
  }
  rows_ = std::move(rows);
  row_of_sample_.clear();
  for (uint32_t row : row_of_sample) row_of_sample_.push_back(place[row]);
}

int TimeRoom::Columns(const ScreenSize& size) const {
  return std::max(size.columns - kLabel - 1, 1);
}

TimeRange TimeRoom::RangeOf(int from, int to, int columns) const {
  const double width = static_cast<double>(extent_.end - extent_.begin) / columns;
  const auto at = [&](int column) {
    return column >= columns ? extent_.end : extent_.begin + static_cast<int64_t>(width * column);
  };
  return {at(std::min(from, to)), at(std::max(from, to) + 1)};
}

bool TimeRoom::Press(const Key& key, const Exploration& exploration, const ScreenSize& size) {
  if (exploration.all.events.empty()) return false;
  const int columns = Columns(size);
  column_ = std::clamp(column_, 0, columns - 1);
  if (key.code == Key::kLeft || key.Is('h')) {
    column_ = std::max(column_ - 1, 0);
  } else if (key.code == Key::kRight || key.Is('l')) {
    column_ = std::min(column_ + 1, columns - 1);
  } else if (key.Is('H')) {
    column_ = std::max(column_ - 10, 0);
  } else if (key.Is('L')) {
    column_ = std::min(column_ + 10, columns - 1);
  } else if (key.code == Key::kEnter) {
    if (anchor_.has_value()) {
      chosen_ = RangeOf(*anchor_, column_, columns);
      anchor_.reset();
    } else {
      anchor_ = column_;
    }
  } else if (key.code == Key::kEscape && anchor_.has_value()) {
    anchor_.reset();
  } else {
    return row_.Press(key, static_cast<int>(rows_.size()) + 1, std::max(size.rows - 2, 1));
  }
  return true;
}

std::optional<TimeRange> TimeRoom::TakeRange() { return std::exchange(chosen_, std::nullopt); }

TimeRoom::Cells TimeRoom::Count(const Exploration& exploration, int columns) const {
  const Profile& all = exploration.all.profile;
  Cells cells;
  cells.all.assign(rows_.size() + 1, std::vector<double>(columns));
  cells.matched = cells.all;
  // Matches are by function of profile(), which names them as `all` does or not at all.
  std::vector<bool> matched(all.samples().size());
  if (!exploration.matches.empty() && !exploration.has_part) {
    for (size_t i = 0; i < matched.size(); ++i) {
      for (uint32_t at : all.stack(all.samples()[i].stack)) {
        if (exploration.matches[all.locations()[at].function]) matched[i] = true;
      }
    }
  }
  const double per_ns = columns / static_cast<double>(extent_.end - extent_.begin);
  for (const Recording::Event& event : exploration.all.events) {
    const double at = static_cast<double>(event.time_ns - extent_.begin) * per_ns;
    const int column = std::clamp(static_cast<int>(at), 0, columns - 1);
    for (size_t row : {size_t{0}, size_t{row_of_sample_[event.sample]} + 1}) {
      cells.all[row][column] += event.ticks;
      if (matched[event.sample]) cells.matched[row][column] += event.ticks;
    }
  }
  return cells;
}

Screen TimeRoom::Render(const Exploration& exploration, const ScreenSize& size) const {
  Screen screen;
  if (size.rows < 1) return screen;
  if (exploration.all.events.empty()) {
    screen.push_back(
        Line(FitLeft("This file has no times: profd record keeps them.", size.columns)));
    return screen;
  }
  const int columns = Columns(size);
  const int column = std::clamp(column_, 0, columns - 1);
  const TimeRange here = RangeOf(anchor_.value_or(column), column, columns);
  Line heading(FitLeft(absl::StrCat(TimeText(here.begin), " - ", TimeText(here.end),
                                    anchor_.has_value() ? "  Enter: this range, Esc"
                                                        : "  Enter: a range begins here"),
                       size.columns),
               Ink::kPlain, /*reverse=*/true);
  screen.push_back(std::move(heading));
  const Cells cells = Count(exploration, columns);
  double most = 0, most_of_all = 0;
  for (double count : cells.all[0]) most_of_all = std::max(most_of_all, count);
  for (size_t row = 1; row < cells.all.size(); ++row) {
    for (double count : cells.all[row]) most = std::max(most, count);
  }
  const int rows = size.rows - 1;
  const int first = row_.FirstOnPage(rows);
  for (int i = first; i < std::min<int>(first + rows, cells.all.size()); ++i) {
    Line line(FitLeft(i == 0 ? "all" : rows_[i - 1].label, kLabel) + " ", Ink::kPlain,
              /*reverse=*/i == row_.at);
    for (int c = 0; c < columns; ++c) {
      const double count = cells.all[i][c];
      const double scale = i == 0 ? most_of_all : most;
      const TimeRange cell = RangeOf(c, c, columns);
      const bool is_chosen = exploration.has_part && cell.begin < exploration.range.end &&
                             cell.end > exploration.range.begin;
      const bool is_marked =
          anchor_.has_value() && c >= std::min(*anchor_, column) && c <= std::max(*anchor_, column);
      const bool is_lit = cells.matched[i][c] > 0;
      line.Add(std::string(Shade(scale > 0 ? count / scale : 0)),
               is_lit                   ? Ink::kWarning
               : is_chosen || is_marked ? Ink::kUp
                                        : Ink::kPlain,
               /*reverse=*/c == column || is_marked);
    }
    screen.push_back(std::move(line));
  }
  return screen;
}

// To the next column with a match, of any thread.
void TimeRoom::NextMatch(const Exploration&, int) {}

}  // namespace profd
