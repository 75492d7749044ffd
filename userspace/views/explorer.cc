#include "userspace/views/explorer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/text/count_text.h"
#include "userspace/views/cells.h"
#include "userspace/views/explorer_help.h"
#include "userspace/views/numbers.h"

namespace profd {
namespace {

constexpr const char* kNames[] = {"1 table", "2 tree", "3 flame graph", "4 timeline"};
constexpr int kAround = 3;  // two lines above a room, one below

}  // namespace

Explorer::Explorer(Recording recording, Measure measure, bool has_colour) {
  exploration_.all = std::move(recording);
  exploration_.measure = measure;
  exploration_.has_colour = has_colour;
  Rebuild();
}

ScreenSize Explorer::RoomSize(const ScreenSize& size) const {
  return {size.columns, std::max(size.rows - kAround, 0)};
}

void Explorer::Rebuild() {
  const Profile& profile = exploration_.profile();
  TreeOptions options{.measure = exploration_.measure, .kind = tree_kind_};
  if (tree_kind_ != TreeKind::kAll) {
    for (const auto& function : profile.functions()) {
      options.chosen.push_back(function->name == chosen_->name && function->file == chosen_->file);
    }
  }
  exploration_.tree = BuildCallTree(profile, options);
  Match();
  for (Room* room : rooms_) room->Rebuild(exploration_);
}

void Explorer::Choose(const std::optional<TimeRange>& range) {
  exploration_.has_part = range.has_value();
  if (range.has_value()) {
    exploration_.range = *range;
    exploration_.part = WithinRange(exploration_.all, *range);
  }
  Rebuild();
}

Explorer::Action Explorer::Press(const Key& key, const ScreenSize& size) {
  message_.clear();
  if (prompt_.is_open()) {
    if (prompt_.Press(key) == Prompt::Result::kDone) Search(prompt_.text());
    return Action::kNone;
  }
  if (key.Is('q') || key.Is('Q')) return Action::kQuit;
  if (std::exchange(help_, false)) return Action::kNone;
  if (key.Is('?')) {
    help_ = true;
  } else if (key.Is('/')) {
    prompt_.Open();
  } else if (key.Is('#')) {
    SearchSelected();
  } else if (key.Is('n') || key.Is('N')) {
    if (!exploration_.matches.empty()) {
      rooms_[room_]->NextMatch(exploration_, key.Is('n') ? 1 : -1);
    }
  } else if (key.Is('\t')) {
    room_ = (room_ + 1) % kRooms;
  } else if (key.code == Key::kCharacter && key.character >= '1' && key.character <= '4') {
    room_ = static_cast<int>(key.character - '1');
  } else if (key.Is('i') && chosen_ != nullptr) {
    tree_kind_ = tree_kind_ == TreeKind::kCallees ? TreeKind::kCallers : TreeKind::kCallees;
    Rebuild();
  } else if (rooms_[room_]->Press(key, exploration_, RoomSize(size))) {
    if (const auto range = time_.TakeRange()) Choose(range);
  } else if (key.code == Key::kEnter && room_ == 0) {
    chosen_ = functions_.Selected(exploration_);
    if (chosen_ == nullptr) return Action::kNone;
    tree_kind_ = TreeKind::kCallees;
    room_ = 1;
    Rebuild();
  } else if (key.code == Key::kEscape || key.code == Key::kBackspace) {
    Leave();
  }
  return Action::kNone;
}

// The newest choice first.
void Explorer::Leave() {
  if (chosen_ != nullptr) {
    chosen_.reset();
    tree_kind_ = TreeKind::kAll;
    Rebuild();
  } else if (!searched_.empty()) {
    searched_.clear();
    matcher_.reset();
    same_name_.reset();
    Match();
  } else if (exploration_.has_part) {
    Choose(std::nullopt);
  }
}

void Explorer::Search(const std::string& text) {
  if (text.empty()) return;
  auto matcher = Matcher::Create(text);
  if (!matcher.ok()) {
    message_ = absl::StrCat("search: ", matcher.status().message());
    return;
  }
  matcher_ = *std::move(matcher);
  same_name_.reset();
  searched_ = text;
  Match();
  rooms_[room_]->NextMatch(exploration_, 0);
}

void Explorer::SearchSelected() {
  same_name_ = rooms_[room_]->Selected(exploration_);
  if (same_name_ == nullptr) return;
  matcher_.reset();
  searched_ = same_name_->name;
  Match();
}

void Explorer::Match() {
  const Profile& profile = exploration_.profile();
  exploration_.matches.clear();
  matched_ = 0;
  if (searched_.empty()) return;
  // Lines are those of locations: a function matches when one of its does.
  std::vector<bool> locations;
  exploration_.matches.resize(profile.functions().size());
  for (const Profile::Location& location : profile.locations()) {
    const Function& function = *profile.functions()[location.function];
    const bool matches = same_name_ != nullptr ? function.name == same_name_->name
                                               : matcher_->Matches(function, location.line);
    locations.push_back(matches);
    if (matches) exploration_.matches[location.function] = true;
  }
  for (const Profile::Sample& sample : profile.samples()) {
    const absl::Span<const uint32_t> stack = profile.stack(sample.stack);
    if (std::any_of(stack.begin(), stack.end(), [&](uint32_t at) { return locations[at]; })) {
      matched_ += WeightOf(sample, exploration_.measure);
    }
  }
}

Screen Explorer::Render(const ScreenSize& size) const {
  if (help_) return ExplorerHelp(size);
  Screen screen = {Tabs(size.columns), Summary(size.columns)};
  for (Line& line : rooms_[room_]->Render(exploration_, RoomSize(size))) {
    screen.push_back(std::move(line));
  }
  while (static_cast<int>(screen.size()) < size.rows - 1) screen.emplace_back();
  screen.push_back(Footer(size.columns));
  if (static_cast<int>(screen.size()) > size.rows) screen.resize(size.rows);
  for (Line& line : screen) line.Clip(size.columns);
  return screen;
}

Line Explorer::Tabs(int columns) const {
  Line line;
  for (int i = 0; i < kRooms; ++i) {
    line.Add(absl::StrCat(" ", kNames[i], " "), Ink::kStrong, /*reverse=*/i == room_);
    line.Add(" ");
  }
  line.Clip(columns);
  return line;
}

// What is shown, and each choice that makes it less than everything.
Line Explorer::Summary(int columns) const {
  const Profile& profile = exploration_.profile();
  int64_t total = 0;
  uint64_t samples = 0;
  for (const Profile::Sample& sample : profile.samples()) {
    total += WeightOf(sample, exploration_.measure);
    samples += static_cast<uint64_t>(std::max<int64_t>(sample.count, 0));
  }
  Line line;
  line.Add(ToCells(absl::StrCat(exploration_.WeightCell(total), " ",
                                std::string(MeasureName(exploration_.measure)), "  ",
                                CountText(samples, "sample"))));
  if (!searched_.empty()) {
    line.Add(ToCells(absl::StrCat("  [/", searched_, " ", ShareCell(matched_, total), "]")),
             Ink::kWarning);
  }
  if (chosen_ != nullptr) {
    line.Add(ToCells(absl::StrCat(tree_kind_ == TreeKind::kCallees ? "  [below " : "  [callers of ",
                                  chosen_->name, "]")),
             Ink::kStrong);
  }
  if (exploration_.has_part) {
    const absl::TimeZone zone = absl::LocalTimeZone();
    line.Add(
        absl::StrCat(
            "  [",
            absl::FormatTime("%H:%M:%E3S", absl::FromUnixNanos(exploration_.range.begin), zone),
            " - ",
            absl::FormatTime("%H:%M:%E3S", absl::FromUnixNanos(exploration_.range.end), zone), "]"),
        Ink::kStrong);
  }
  line.Clip(columns);
  return line;
}

Line Explorer::Footer(int columns) const {
  if (prompt_.is_open()) return prompt_.Render("/", columns);
  if (!message_.empty()) return Line(FitLeft(message_, columns), Ink::kStrong);
  return Line(FitLeft(
      "? help  q quit  Tab views  hjkl move  Enter in  Esc out  / n N search  # name", columns));
}

}  // namespace profd
