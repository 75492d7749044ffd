#include "userspace/views/room.h"

#include "absl/strings/str_cat.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/text/count_text.h"
#include "userspace/views/numbers.h"

namespace profd {

std::string Exploration::WeightCell(int64_t weight) const {
  return measure == Measure::kSamples ? CountText(weight) : SecondsCell(weight);
}

Ink FrameInk(const Function& function, bool is_match) {
  return is_match ? Ink::kWarning : InkOf(Classify(function));
}

std::string FrameLabel(const Function& function, bool has_colour) {
  if (has_colour) return function.name;
  return absl::StrCat(SignOf(Classify(function)), " ", function.name);
}

uint32_t NextInOrder(const CallTree& tree, uint32_t node, uint32_t root) {
  if (tree.nodes[node].children_begin < tree.nodes[node].children_end) {
    return tree.nodes[node].children_begin;
  }
  while (node != root) {
    const uint32_t parent = tree.nodes[node].parent;
    if (node + 1 < tree.nodes[parent].children_end) return node + 1;
    node = parent;
  }
  return root;
}

uint32_t NextMatchingNode(const Exploration& exploration, uint32_t node, uint32_t root, int step) {
  const CallTree& tree = exploration.tree;
  auto matches = [&](uint32_t at) {
    if (at == 0) return false;
    const uint32_t frame = tree.nodes[at].frame;
    return exploration.Matches(tree.by_line ? exploration.profile().locations()[frame].function
                                            : frame);
  };
  if (step == 0 && matches(node)) return node;
  uint32_t last = node;
  for (uint32_t at = NextInOrder(tree, node, root); at != node; at = NextInOrder(tree, at, root)) {
    if (!matches(at)) continue;
    if (step >= 0) return at;
    last = at;
  }
  return last;
}

}  // namespace profd
