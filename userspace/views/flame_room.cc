#include "userspace/views/flame_room.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"

namespace profd {
namespace {

// What fills a box where colour cannot say its class: in the order of FrameClass.
constexpr const char* kFill[] = {"░", "▒", "·", "▓", "█", " ", " "};
constexpr const char* kAsciiFill[] = {".", ":", "-", "#", "@", " ", " "};

int DepthBelow(const CallTree& tree, uint32_t node, uint32_t root) {
  int depth = 0;
  for (; node != root && node != 0; node = tree.nodes[node].parent) ++depth;
  return depth;
}

// A text in the middle of its fill, exactly `width` columns.
std::string Filled(const std::string& label, int width, FrameClass frame_class) {
  const auto at = static_cast<size_t>(frame_class);
  const absl::string_view fill = Glyph(kFill[at], kAsciiFill[at]);
  std::string text = FitLeft(label, std::min(width, CellWidth(ToCells(label))));
  for (int used = CellWidth(text); used < width; ++used) absl::StrAppend(&text, fill);
  return text;
}

}  // namespace

std::vector<FlameBox> LayOut(const CallTree& tree, uint32_t root, int columns, int first_row,
                             int rows) {
  std::vector<FlameBox> boxes;
  if (tree.nodes.empty() || tree.nodes[root].cumulative <= 0 || columns <= 0) return boxes;
  const double columns_per_weight = columns / static_cast<double>(tree.nodes[root].cumulative);
  struct Placed {
    uint32_t node;
    double begin;  // in weight
  };
  std::vector<Placed> level = {{root, 0}};
  auto column = [&](double weight) {
    return static_cast<int>(std::lround(weight * columns_per_weight));
  };
  auto add = [&](uint32_t node, int row, double begin, double end, bool is_rest) {
    if (column(begin) >= column(end)) return false;
    if (row >= first_row) boxes.push_back({node, row, column(begin), column(end), is_rest});
    return true;
  };
  add(root, 0, 0, static_cast<double>(tree.nodes[root].cumulative), false);
  for (int row = 1; row < first_row + rows && !level.empty(); ++row) {
    std::vector<Placed> next;
    for (const Placed& parent : level) {
      const CallTree::Node& node = tree.nodes[parent.node];
      double at = parent.begin;
      const double end = at + static_cast<double>(node.cumulative - node.self);
      // The heaviest come first: after one that is too narrow all are.
      for (uint32_t child = node.children_begin; child < node.children_end; ++child) {
        const auto weight = static_cast<double>(tree.nodes[child].cumulative);
        if (weight * columns_per_weight < 1) {
          add(parent.node, row, at, end, true);
          break;
        }
        if (add(child, row, at, at + weight, false)) next.push_back({child, at});
        at += weight;
      }
    }
    level = std::move(next);
  }
  return boxes;
}

void FlameRoom::Rebuild(const Exploration&) {
  root_ = selected_ = 0;
  before_.clear();
}

bool FlameRoom::Press(const Key& key, const Exploration& exploration, const ScreenSize&) {
  const CallTree& tree = exploration.tree;
  if (tree.nodes.empty()) return false;
  const CallTree::Node& node = tree.nodes[selected_];
  const CallTree::Node& parent = tree.nodes[node.parent];
  if (key.code == Key::kDown || key.Is('j')) {
    if (node.children_begin < node.children_end) selected_ = node.children_begin;
  } else if (key.code == Key::kUp || key.Is('k')) {
    if (selected_ != root_) selected_ = node.parent;
  } else if (key.code == Key::kRight || key.Is('l')) {
    if (selected_ != root_ && selected_ + 1 < parent.children_end) ++selected_;
  } else if (key.code == Key::kLeft || key.Is('h')) {
    if (selected_ != root_ && selected_ > parent.children_begin) --selected_;
  } else if (key.code == Key::kEnter) {
    if (selected_ == root_) return true;
    before_.push_back(root_);
    root_ = selected_;
  } else if (key.code == Key::kEscape || key.code == Key::kBackspace) {
    if (before_.empty()) return false;
    root_ = before_.back();
    before_.pop_back();
  } else {
    return false;
  }
  return true;
}

Screen FlameRoom::Render(const Exploration& exploration, const ScreenSize& size) const {
  const CallTree& tree = exploration.tree;
  const Profile& profile = exploration.profile();
  Screen screen;
  const int rows = size.rows - 1;  // the last says what is selected
  if (rows < 1 || tree.nodes.empty()) return screen;
  const int depth = DepthBelow(tree, selected_, root_);
  const int first_row = std::max(0, depth - std::max(rows - 3, 0));
  screen.resize(rows);
  std::vector<int> used(rows, 0);
  for (const FlameBox& box : LayOut(tree, root_, size.columns, first_row, rows)) {
    const int at = box.row - first_row;
    Line& line = screen[at];
    line.Add(std::string(std::max(box.begin - used[at], 0), ' '));
    used[at] = box.end;
    const int width = box.end - box.begin;
    // A column of each box stays free, so that neighbours are told apart.
    const int inner = std::max(width - 1, 1);
    const std::string gap(width - inner, ' ');
    if (box.is_rest) {
      line.Add(FitLeft(Glyph("…", "~"), inner) + gap, Ink::kDim);
      continue;
    }
    if (box.node == 0) {
      line.Add(FitLeft("all", inner) + gap, Ink::kStrong, /*reverse=*/selected_ == 0);
      continue;
    }
    const CallTree::Node& node = tree.nodes[box.node];
    const Function& function = tree.FunctionOf(profile, node);
    const bool is_match = exploration.Matches(node.frame);
    const bool is_selected = box.node == selected_;
    std::string label = FrameLabel(function, exploration.has_colour);
    if (node.repeats > 1) absl::StrAppend(&label, Glyph(" ×", " x"), node.repeats);
    if (exploration.has_colour) {
      line.Add(FitLeft(label, inner), is_selected ? Ink::kStrong : FrameInk(function, is_match),
               /*reverse=*/true);
    } else {
      line.Add(Filled(label, inner, Classify(function)), is_match ? Ink::kStrong : Ink::kPlain,
               /*reverse=*/is_selected);
    }
    line.Add(gap);
  }
  const CallTree::Node& node = tree.nodes[selected_];
  std::string said = absl::StrCat(ShareCell(node.cumulative, exploration.total()), " ",
                                  exploration.WeightCell(node.cumulative), " (self ",
                                  exploration.WeightCell(node.self), ")  ");
  absl::StrAppend(&said, selected_ == 0 ? "all" : tree.FunctionOf(profile, node).name);
  if (root_ != 0) absl::StrAppend(&said, "  (zoomed: Esc)");
  screen.push_back(Line(FitLeft(said, size.columns), Ink::kStrong));
  return screen;
}

std::shared_ptr<const Function> FlameRoom::Selected(const Exploration& exploration) const {
  if (selected_ == 0) return nullptr;
  return exploration.profile().functions()[exploration.tree.nodes[selected_].frame];
}

void FlameRoom::NextMatch(const Exploration& exploration, int step) {
  if (exploration.tree.nodes.empty()) return;
  selected_ = NextMatchingNode(exploration, selected_, root_, step);
}

}  // namespace profd
