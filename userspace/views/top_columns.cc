#include "userspace/views/top_columns.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"

namespace profd {
namespace {

constexpr int kTrend = 2;
constexpr int kShare = 7;
constexpr int kTime = 9;
constexpr int kSign = 2;
constexpr int kFewestForFunction = 18;
constexpr int kFewestForWhere = 16;
constexpr int64_t kFewSamples = 10;  // below, a share says little

void AddNumber(Line* line, const std::string& text, int width, Ink ink) {
  line->Add(FitRight(text, width - 1) + " ", ink);
}

}  // namespace

std::string WhereText(const Function& function, int line, bool full) {
  const int shown = line > 0 ? line : function.first_line;
  std::string where = full ? function.file : std::string(WithoutInstallPrefix(function.file));
  if (!where.empty() && shown > 0) absl::StrAppend(&where, ":", shown);
  return where;
}

TopColumns::TopColumns(int width, TopSort sort, bool with_signs, bool full_filenames)
    : width_(width), sort_(sort), with_signs_(with_signs), full_filenames_(full_filenames) {
  bool where = true;
  auto free = [&] {
    return width_ - (trend_ ? kTrend : 0) - (self_share_ ? kShare : 0) -
           (cumulative_share_ ? kShare : 0) - (self_time_ ? kTime : 0) -
           (cumulative_time_ ? kTime : 0) - (with_signs_ ? kSign : 0);
  };
  auto fits = [&] { return free() >= kFewestForFunction + (where ? kFewestForWhere + 1 : 0); };
  const std::pair<bool*, TopSort> leaving[] = {{&trend_, TopSort{}},
                                               {&self_time_, TopSort::kSelfTime},
                                               {&cumulative_time_, TopSort::kCumulativeTime},
                                               {&where, TopSort{}},
                                               {&cumulative_share_, TopSort::kCumulativeShare},
                                               {&self_share_, TopSort::kSelfShare}};
  for (const auto& [column, stays_for] : leaving) {
    if (fits()) break;
    if (stays_for != sort_) *column = false;
  }
  const int left = std::max(free(), 0);
  if (where) where_width_ = std::max(kFewestForWhere, left * 2 / 5);
  function_width_ = left - (where ? where_width_ + 1 : 0);
}

Line TopColumns::Heading() const {
  std::string text;
  auto add = [&](bool is_there, const char* name, int width, TopSort sort) {
    if (!is_there) return;
    std::string shown = name;
    if (sort == sort_) absl::StrAppend(&shown, Glyph("▼", "v"));
    absl::StrAppend(&text, FitRight(shown, width - 1), " ");
  };
  if (trend_) text += std::string(kTrend, ' ');
  add(self_share_, "%Self", kShare, TopSort::kSelfShare);
  add(cumulative_share_, "%Cum", kShare, TopSort::kCumulativeShare);
  add(self_time_, "Self", kTime, TopSort::kSelfTime);
  add(cumulative_time_, "Cum", kTime, TopSort::kCumulativeTime);
  if (with_signs_) text += std::string(kSign, ' ');
  text += FitLeft("Function", function_width_);
  if (where_width_ > 0) text += " " + FitLeft("File:line", where_width_);
  return Line(FitLeft(text, width_), Ink::kPlain, /*reverse=*/true);
}

Line TopColumns::RowLine(const TopStats& stats, const TopStats::Row& row, bool is_marked) const {
  const bool by_self = sort_ == TopSort::kSelfShare || sort_ == TopSort::kSelfTime;
  const FrameClass frame_class = Classify(*row.function);
  Line line;
  if (trend_) {
    const Trend trend = stats.TrendOf(by_self ? row.self : row.cumulative);
    if (trend == Trend::kUp) line.Add(absl::StrCat(Glyph("▲", "^"), " "), Ink::kUp);
    if (trend == Trend::kDown) line.Add(absl::StrCat(Glyph("▼", "v"), " "), Ink::kDown);
    if (trend == Trend::kSteady) line.Add("  ");
  }
  auto ink = [](const TopStats::Weight& weight) {
    return weight.samples < kFewSamples ? Ink::kDim : Ink::kPlain;
  };
  const int64_t all = stats.interval_ns();
  if (self_share_) AddNumber(&line, ShareCell(row.self.ns, all), kShare, ink(row.self));
  if (cumulative_share_) {
    AddNumber(&line, ShareCell(row.cumulative.ns, all), kShare, ink(row.cumulative));
  }
  if (self_time_) AddNumber(&line, SecondsCell(row.self.total_ns), kTime, Ink::kPlain);
  if (cumulative_time_) AddNumber(&line, SecondsCell(row.cumulative.total_ns), kTime, Ink::kPlain);
  if (with_signs_) line.Add(absl::StrCat(SignOf(frame_class), " "));
  line.Add(FitLeft(row.function->name, function_width_),
           is_marked ? Ink::kStrong : InkOf(frame_class), is_marked);
  if (where_width_ > 0) {
    line.Add(" " + FitTail(WhereText(*row.function, row.line, full_filenames_), where_width_),
             Ink::kDim);
  }
  return line;
}

}  // namespace profd
