#include "userspace/views/tree_room.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"
#include "userspace/views/top_columns.h"

namespace profd {
namespace {

bool HasChildren(const CallTree::Node& node) { return node.children_begin < node.children_end; }

}  // namespace

void TreeRoom::Rebuild(const Exploration& exploration) {
  open_.clear();
  cursor_ = {};
  if (!exploration.tree.nodes.empty()) Open(exploration.tree, 0);
  List(exploration.tree);
}

// With it, what is its only child or most of it: nobody wants to open main() by hand.
void TreeRoom::Open(const CallTree& tree, uint32_t node) {
  while (HasChildren(tree.nodes[node])) {
    open_.insert(node);
    const uint32_t heaviest = tree.nodes[node].children_begin;
    if (tree.nodes[heaviest].cumulative < tree.nodes[node].cumulative / 2) break;
    node = heaviest;
  }
}

void TreeRoom::List(const CallTree& tree) {
  shown_.clear();
  if (tree.nodes.empty()) return;
  std::vector<Shown> stack;
  auto push_children = [&](const Shown& parent) {
    const CallTree::Node& node = tree.nodes[parent.node];
    for (uint32_t child = node.children_end; child > node.children_begin; --child) {
      stack.push_back({child - 1, parent.depth + 1});
    }
  };
  push_children({0, -1});
  while (!stack.empty()) {
    const Shown next = stack.back();
    stack.pop_back();
    shown_.push_back(next);
    if (open_.contains(next.node)) push_children(next);
  }
  cursor_.MoveTo(cursor_.at, static_cast<int>(shown_.size()));
}

void TreeRoom::Select(uint32_t node) {
  const auto at = std::find_if(shown_.begin(), shown_.end(),
                               [node](const Shown& shown) { return shown.node == node; });
  if (at != shown_.end()) cursor_.at = static_cast<int>(at - shown_.begin());
}

bool TreeRoom::Press(const Key& key, const Exploration& exploration, const ScreenSize& size) {
  const CallTree& tree = exploration.tree;
  if (cursor_.Press(key, static_cast<int>(shown_.size()), std::max(size.rows - 1, 1))) return true;
  if (shown_.empty()) return false;
  const uint32_t node = shown_[cursor_.at].node;
  const bool is_open = open_.contains(node);
  const bool opens = key.code == Key::kRight || key.Is('l');
  const bool closes = key.code == Key::kLeft || key.Is('h');
  const bool toggles = key.code == Key::kEnter;
  if (!opens && !closes && !toggles) return false;
  if (!is_open && (opens || toggles)) {
    Open(tree, node);
  } else if (is_open && (closes || toggles)) {
    open_.erase(node);
  } else if (closes) {
    Select(tree.nodes[node].parent);
  } else if (opens) {
    cursor_.MoveTo(cursor_.at + 1, static_cast<int>(shown_.size()));
  }
  List(tree);
  return true;
}

Screen TreeRoom::Render(const Exploration& exploration, const ScreenSize& size) const {
  const CallTree& tree = exploration.tree;
  Screen screen;
  screen.push_back(
      Line(FitLeft("    Cum               Self  Function (l open, h close)", size.columns),
           Ink::kPlain, /*reverse=*/true));
  const int rows = size.rows - 1;
  const int first = cursor_.FirstOnPage(rows);
  const int most_indent = std::max(size.columns / 3, 1);
  for (int i = first; i < std::min<int>(first + rows, shown_.size()); ++i) {
    const auto [id, depth] = shown_[i];
    const CallTree::Node& node = tree.nodes[id];
    const Function& function = tree.FunctionOf(exploration.profile(), node);
    Line line;
    line.Add(FitRight(ShareCell(node.cumulative, exploration.total()), 7) +
             FitRight(exploration.WeightCell(node.cumulative), 9) +
             FitRight(ShareCell(node.self, exploration.total()), 8) + " ");
    // Beyond the room for it, depth is a number.
    std::string indent(std::min(depth, most_indent), ' ');
    if (depth > most_indent) indent = FitLeft(absl::StrCat("+", depth - most_indent), most_indent);
    line.Add(absl::StrCat(indent, !HasChildren(node)   ? "  "
                                  : open_.contains(id) ? Glyph("▾ ", "- ")
                                                       : Glyph("▸ ", "+ ")),
             Ink::kDim);
    std::string label = FrameLabel(function, exploration.has_colour);
    if (node.repeats > 1) absl::StrAppend(&label, Glyph(" ×", " x"), node.repeats);
    const int left = std::max(size.columns - CellWidth(line.text()), 0);
    const int where_width = left >= 50 ? left / 3 : 0;
    line.Add(FitLeft(label, left - where_width),
             FrameInk(function, exploration.Matches(tree.by_line ? 0 : node.frame)));
    line.Add(FitTail(WhereText(function, 0), where_width), Ink::kDim);
    if (i == cursor_.at) line.Reverse();
    screen.push_back(std::move(line));
  }
  return screen;
}

std::shared_ptr<const Function> TreeRoom::Selected(const Exploration& exploration) const {
  if (shown_.empty()) return nullptr;
  return exploration.profile().functions()[exploration.tree.nodes[shown_[cursor_.at].node].frame];
}

void TreeRoom::NextMatch(const Exploration& exploration, int step) {
  if (shown_.empty()) return;
  const CallTree& tree = exploration.tree;
  const uint32_t found = NextMatchingNode(exploration, shown_[cursor_.at].node, 0, step);
  for (uint32_t at = tree.nodes[found].parent; at != 0; at = tree.nodes[at].parent) {
    open_.insert(at);
  }
  List(tree);
  Select(found);
}

}  // namespace profd
