#include "userspace/views/top_view.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/measure.h"
#include "userspace/text/count_text.h"
#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"
#include "userspace/views/top_help.h"

namespace profd {
namespace {

constexpr int kHeaderLines = 2;
constexpr double kDeviations = 3;
constexpr int kRowsWithHeader = 7;  // on a lower screen the header leaves

std::string CountsText(const std::vector<std::pair<std::string, uint64_t>>& counts) {
  std::string text;
  for (const auto& [reason, count] : counts) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", reason, " ",
                    CountText(static_cast<int64_t>(count)));
  }
  return text;
}

std::string Counted(size_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

struct Part {
  std::string text;
  Ink ink = Ink::kPlain;
};

// As many of the parts as fit, from the first.
Line Joined(const std::vector<Part>& parts, int columns) {
  Line line;
  int used = 0;
  for (const Part& part : parts) {
    const std::string cells = ToCells(part.text);
    const int gap = used > 0 ? 2 : 0;
    if (used + gap + CellWidth(cells) > columns) {
      if (used == 0) line.Add(FitLeft(cells, columns), part.ink);
      break;
    }
    line.Add(std::string(gap, ' ') + cells, part.ink);
    used += gap + CellWidth(cells);
  }
  return line;
}

std::string ElapsedText(absl::Duration elapsed) {
  const bool is_short = elapsed < absl::Seconds(10);
  return absl::FormatDuration(
      absl::Trunc(elapsed, is_short ? absl::Milliseconds(100) : absl::Seconds(1)));
}

// In percent. Samples have no more than chance allows above what the processes, each with one GIL,
// can hold; where they have, there are more GILs (PEP 684).
double GilPercent(const TopFacts& facts) {
  const double held = *facts.gil_held;
  const double most = static_cast<double>(facts.processes);
  const double expected = facts.rate_hz * absl::ToDoubleSeconds(facts.duration) * held;
  const double deviation = expected > 0 ? held / std::sqrt(expected) : 0;
  return 100 * (held > most && held < most + kDeviations * deviation ? most : held);
}

size_t CountThreads(const Profile& profile) {
  absl::flat_hash_set<std::pair<int64_t, int64_t>> threads;
  for (const Profile::Sample& sample : profile.samples()) {
    const Labels& labels = profile.labels(sample.labels);
    if (labels.tid != 0) threads.emplace(labels.pid, labels.tid);
  }
  return threads.size();
}

size_t CountProcesses(const Profile& profile) {
  absl::flat_hash_set<int64_t> processes;
  for (const Profile::Sample& sample : profile.samples()) {
    const Labels& labels = profile.labels(sample.labels);
    if (labels.pid != 0) processes.insert(labels.pid);
  }
  return processes.size();
}

}  // namespace

TopView::TopView(const Options& options) : options_(options), by_line_(options.by_line) {}

void TopView::Add(const Profile& interval, const TopFacts& facts) {
  facts_ = facts;
  threads_ = CountThreads(interval);
  total_.Add(facts);
  functions_.Add(interval);
  lines_.Add(interval);
  sum_->Add(interval);
  Sort();
  Match();
  if (!focus_.empty()) neighbours_ = FindNeighbours(profile(), *focus_.back().function);
}

void TopView::SetMode(bool idle, bool gil_only) {
  options_.idle = idle;
  options_.gil_only = gil_only;
  Reset();
}

void TopView::Sort() {
  const std::vector<TopStats::Row>& rows = stats().rows();
  order_.clear();
  for (size_t i = 0; i < rows.size(); ++i) order_.push_back(i);
  auto key = [&](size_t i) {
    const TopStats::Row& row = rows[i];
    const int64_t values[] = {row.self.ns, row.cumulative.ns, row.self.total_ns,
                              row.cumulative.total_ns};
    // Then by the other columns; at last in the order of first sight, for rows not to dance.
    const int64_t first = values[static_cast<int>(sort_) - 1];
    return std::tuple(-first, -values[0], -values[1], -values[2], -values[3], i);
  };
  std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  if (followed_.has_value() && focus_.empty()) {
    const auto at = std::find(order_.begin(), order_.end(), *followed_);
    if (at != order_.end()) cursor_.at = static_cast<int>(at - order_.begin());
  }
  cursor_.MoveTo(cursor_.at, static_cast<int>(order_.size()));
}

std::vector<const TopStats::Row*> TopView::Rows() const {
  std::vector<const TopStats::Row*> rows;
  for (size_t i : order_) rows.push_back(&stats().rows()[i]);
  return rows;
}

int TopView::items() const {
  if (focus_.empty()) return static_cast<int>(order_.size());
  return static_cast<int>(neighbours_.callers.size() + 1 + neighbours_.callees.size());
}

void TopView::MoveTo(int item) {
  cursor_.MoveTo(item, items());
  FollowCursor();
}

void TopView::FollowCursor() {
  if (focus_.empty() && followed_.has_value() && !order_.empty()) followed_ = order_[cursor_.at];
}

bool TopView::Navigate(const Key& key, const ScreenSize& size) {
  const int page = std::max(size.rows - kHeaderLines - 2, 1);
  ListCursor* cursor = focus_.empty() ? &cursor_ : &focus_.back().cursor;
  if (!cursor->Press(key, items(), page)) return false;
  FollowCursor();
  return true;
}

TopView::Action TopView::Press(const Key& key, const ScreenSize& size) {
  message_.clear();
  if (search_.is_open()) {
    if (search_.Press(key) == Prompt::Result::kDone) Search();
    return Action::kNone;
  }
  if (key.Is('q') || key.Is('Q')) return Action::kQuit;
  if (help_) {  // any key closes it, py-spy's x too
    help_ = false;
    return Action::kNone;
  }
  if (Navigate(key, size)) return Action::kNone;
  if (key.code == Key::kEnter) {
    Enter();
  } else if (key.code == Key::kEscape || key.code == Key::kBackspace) {
    if (!focus_.empty()) {
      focus_.pop_back();
      if (!focus_.empty()) neighbours_ = FindNeighbours(profile(), *focus_.back().function);
    } else {
      matcher_.reset();
      followed_.reset();
    }
  } else if (key.Is('?')) {
    help_ = true;
  } else if (key.Is('/')) {
    search_.Open();
  } else if (key.Is('w')) {
    return Action::kWrite;
  } else if (key.Is('i')) {
    return Action::kIdle;
  } else if (key.Is('o')) {
    return Action::kGil;
  } else if (key.Is('r') || key.Is('R')) {
    Reset();
  } else if (!focus_.empty()) {
    // What follows changes the table.
  } else if (key.code == Key::kCharacter && key.character >= '1' && key.character <= '4') {
    sort_ = static_cast<TopSort>(key.character - '0');
    Sort();
  } else if (key.Is('l') || key.Is('L')) {
    by_line_ = !by_line_;
    followed_.reset();
    Sort();
  } else if (key.Is('f')) {
    ToggleFollow();
  } else if (key.Is('n') || key.Is('N')) {
    NextMatch(key.Is('n') ? 1 : -1);
  }
  return Action::kNone;
}

void TopView::Enter() {
  if (items() == 0) return;
  Focus next;
  if (focus_.empty()) {
    next.function = stats().rows()[order_[cursor_.at]].function;
  } else {
    const auto callers = static_cast<int>(neighbours_.callers.size());
    const int at = focus_.back().cursor.at;
    if (at == callers) return;  // itself
    next.function = at < callers ? neighbours_.callers[at].function
                                 : neighbours_.callees[at - callers - 1].function;
  }
  neighbours_ = FindNeighbours(profile(), *next.function);
  next.cursor.at = static_cast<int>(neighbours_.callers.size());
  focus_.push_back(std::move(next));
}

void TopView::ToggleFollow() {
  if (followed_.has_value() || order_.empty()) {
    followed_.reset();
  } else {
    followed_ = order_[cursor_.at];
  }
}

void TopView::Search() {
  matcher_.reset();
  if (search_.text().empty()) return;
  auto matcher = Matcher::Create(search_.text());
  if (!matcher.ok()) {
    message_ = absl::StrCat("search: ", matcher.status().message());
    return;
  }
  matcher_ = *std::move(matcher);
  focus_.clear();
  Match();
  NextMatch(0);
}

// Step 0: the first from the cursor on.
void TopView::NextMatch(int step) {
  if (!matcher_.has_value()) return;
  const auto count = static_cast<int>(order_.size());
  for (int i = 0; i < count; ++i) {
    const int distance = step == 0 ? i : step * (i + 1);
    const int at = ((cursor_.at + distance) % count + count) % count;
    const TopStats::Row& row = stats().rows()[order_[at]];
    if (!matcher_->Matches(*row.function, row.line)) continue;
    followed_ = order_[at];  // the next refresh may move it
    MoveTo(at);
    return;
  }
}

void TopView::Match() {
  matched_ns_ = 0;
  if (!matcher_.has_value()) return;
  const Profile& all = profile();
  std::vector<bool> matches;
  for (const Profile::Location& location : all.locations()) {
    matches.push_back(matcher_->Matches(*all.functions()[location.function], location.line));
  }
  const Measure measure = DefaultMeasure(all);
  for (const Profile::Sample& sample : all.samples()) {
    const absl::Span<const uint32_t> stack = all.stack(sample.stack);
    if (std::any_of(stack.begin(), stack.end(), [&](uint32_t at) { return matches[at]; })) {
      matched_ns_ += WeightOf(sample, measure);
    }
  }
}

void TopView::Reset() {
  functions_ = TopStats(false);
  lines_ = TopStats(true);
  sum_ = std::make_unique<ProfileSum>(Profile::Limits::OfWindow());
  began_anew_ |= total_.duration > absl::ZeroDuration();
  total_ = TopFacts();
  matched_ns_ = 0;
  followed_.reset();
  focus_.clear();
  Sort();
}

Screen TopView::Render(const ScreenSize& size) const {
  if (help_) return TopHelp(size);
  Screen screen;
  if (size.rows >= kRowsWithHeader) AddHeader(size.columns, &screen);
  const int rows = size.rows - static_cast<int>(screen.size()) - 1;  // the footer's
  if (focus_.empty()) {
    AddTable(size, rows, /*has_cursor=*/true, &screen);
  } else {
    AddFocus(size.columns, rows, &screen);
  }
  while (static_cast<int>(screen.size()) < size.rows - 1) screen.emplace_back();
  if (static_cast<int>(screen.size()) < size.rows) screen.push_back(Footer(size.columns));
  for (Line& line : screen) line.Clip(size.columns);
  return screen;
}

Screen TopView::Header() const {
  Screen screen;
  AddHeader(std::numeric_limits<int>::max(), &screen);
  return screen;
}

Screen TopView::Table(const ScreenSize& size) const {
  Screen screen;
  AddHeader(size.columns, &screen);
  AddTable(size, size.rows - static_cast<int>(screen.size()), /*has_cursor=*/false, &screen);
  return screen;
}

TopView TopView::Whole() const {
  Options options = options_;
  options.by_line = by_line_;
  TopView whole(options);
  whole.sort_ = sort_;
  TopFacts facts = total_;
  facts.processes = CountProcesses(profile());
  whole.Add(profile(), facts);
  return whole;
}

void TopView::AddHeader(int columns, Screen* screen) const {
  const double seconds = absl::ToDoubleSeconds(facts_.duration);
  const double cores = seconds > 0 ? absl::ToDoubleSeconds(facts_.cpu) / seconds : 0;
  std::vector<Part> parts = {{options_.title, Ink::kStrong}};
  if (options_.idle) parts.push_back({"wall time", Ink::kStrong});
  if (options_.gil_only) parts.push_back({"only with the GIL", Ink::kStrong});
  parts.insert(parts.end(), {{Counted(facts_.processes, "process", "processes")},
                             {Counted(threads_, "thread", "threads")},
                             {absl::StrFormat("%.2f cores", cores)}});
  if (facts_.gil_held.has_value()) {
    parts.push_back({absl::StrFormat("GIL held %.0f%%", GilPercent(facts_))});
  }
  parts.push_back({absl::StrFormat("%.1f of %.4g Hz", facts_.rate_hz, facts_.wanted_hz)});
  screen->push_back(Joined(parts, columns));

  uint64_t lost = 0;
  for (const auto& [reason, count] : total_.lost) lost += count;
  parts = {{absl::StrCat(CountText(static_cast<int64_t>(total_.samples), "sample"), " in ",
                         ElapsedText(total_.duration))}};
  if (lost == 0) {
    parts.push_back({"lost 0"});
  } else {
    parts.push_back({absl::StrCat("LOST ", CountText(static_cast<int64_t>(lost))), Ink::kWarning});
    parts.push_back({CountsText(total_.lost), Ink::kWarning});
  }
  if (!total_.imperfect.empty()) parts.push_back({CountsText(total_.imperfect)});
  screen->push_back(Joined(parts, columns));
}

void TopView::AddTable(const ScreenSize& size, int rows, bool has_cursor, Screen* screen) const {
  if (rows < 1) return;
  const TopColumns columns(size.columns, sort_, !options_.has_colour, options_.full_filenames);
  screen->push_back(columns.Heading());
  --rows;
  const int first = has_cursor ? cursor_.FirstOnPage(rows) : 0;
  for (int i = first; i < std::min<int>(first + rows, order_.size()); ++i) {
    const TopStats::Row& row = stats().rows()[order_[i]];
    const bool matches = matcher_.has_value() && matcher_->Matches(*row.function, row.line);
    Line line = columns.RowLine(stats(), row, matches);
    if (has_cursor && i == cursor_.at) line.Reverse();
    screen->push_back(std::move(line));
  }
}

void TopView::AddFocus(int columns, int rows, Screen* screen) const {
  const Function& function = *focus_.back().function;
  const auto callers = static_cast<int>(neighbours_.callers.size());
  const int where_width = columns >= 60 ? columns / 3 : 0;
  const int name_width = std::max(columns - 18 - (where_width > 0 ? where_width + 1 : 0), 0);

  if (rows-- < 1) return;
  screen->push_back(Line(FitLeft(FitRight("%", 6) + FitRight("Time", 9) +
                                     "  since the start: callers, the function, callees",
                                 columns),
                         Ink::kPlain, /*reverse=*/true));
  const int first = focus_.back().cursor.FirstOnPage(rows);
  for (int i = first; i < std::min(first + rows, items()); ++i) {
    const bool is_self = i == callers;
    const Neighbour* neighbour = is_self       ? nullptr
                                 : i < callers ? &neighbours_.callers[i]
                                               : &neighbours_.callees[i - callers - 1];
    const Function& shown = is_self ? function : *neighbour->function;
    const int64_t ns = is_self ? neighbours_.cumulative_ns : neighbour->ns;
    const absl::string_view sign = is_self       ? Glyph("▶ ", "> ")
                                   : i < callers ? Glyph("▲ ", "^ ")
                                                 : Glyph("▼ ", "v ");
    Line line;
    line.Add(FitRight(ShareCell(ns, neighbours_.cumulative_ns), 6) + FitRight(SecondsCell(ns), 9) +
             " ");
    line.Add(std::string(sign), is_self ? Ink::kStrong : Ink::kDim);
    std::string name = shown.name;
    if (is_self) absl::StrAppend(&name, "  (self ", SecondsCell(neighbours_.self_ns), ")");
    line.Add(FitLeft(name, name_width), is_self ? Ink::kStrong : InkOf(Classify(shown)));
    if (where_width > 0)
      line.Add(" " + FitTail(WhereText(shown, 0, options_.full_filenames), where_width), Ink::kDim);
    if (i == focus_.back().cursor.at) line.Reverse();
    screen->push_back(std::move(line));
  }
}

Line TopView::Footer(int columns) const {
  if (search_.is_open()) return search_.Render("/", columns);
  if (!message_.empty()) return Line(FitLeft(message_, columns), Ink::kStrong);
  std::vector<Part> parts;
  if (matcher_.has_value()) {
    parts.push_back({absl::StrCat("/", search_.text(), ": ",
                                  ShareCell(matched_ns_, stats().total_ns()), " of all (n N Esc)"),
                     Ink::kStrong});
  }
  if (followed_.has_value()) parts.push_back({"following (f)", Ink::kStrong});
  if (focus_.empty()) {
    for (const char* key : {"? help", "q quit", "1-4 sort", "Enter callers and callees", "/ search",
                            "i waiting", "o GIL", "f follow", "w write", "l lines", "r reset"}) {
      parts.push_back({key});
    }
  } else {
    for (const char* key : {"Esc back", "Enter that function", "? help", "q quit"}) {
      parts.push_back({key});
    }
  }
  return Joined(parts, columns);
}

}  // namespace profd
