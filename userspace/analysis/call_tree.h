// Who calls whom, as one tree in flat arrays: a million nodes take 48 MB.
#ifndef PROFD_USERSPACE_ANALYSIS_CALL_TREE_H_
#define PROFD_USERSPACE_ANALYSIS_CALL_TREE_H_

#include <cstdint>
#include <vector>

#include "userspace/analysis/measure.h"
#include "userspace/profile/profile.h"

namespace profd {

struct CallTree {
  struct Node {
    uint32_t frame = 0;   // index into functions(), or into locations() when by line
    uint32_t parent = 0;  // of the root: itself
    uint32_t children_begin = 0;
    uint32_t children_end = 0;  // children lie side by side, the heaviest first
    uint32_t repeats = 1;       // frames of direct recursion that were folded into one, at most
    int64_t self = 0;
    int64_t cumulative = 0;
    int64_t samples = 0;  // of `cumulative`
  };

  bool by_line = false;
  Measure measure = Measure::kCpu;
  // [0] stands for all of it and has no frame; parents come before children.
  std::vector<Node> nodes;

  const Function& FunctionOf(const Profile& profile, const Node& node) const {
    const uint32_t function = by_line ? profile.locations()[node.frame].function : node.frame;
    return *profile.functions()[function];
  }
};

enum class TreeKind {
  kAll,
  kCallees,  // below the outermost chosen frame of each stack
  kCallers,  // upside down: from the outermost chosen frame to the root
};

struct TreeOptions {
  Measure measure = Measure::kCpu;
  bool by_line = false;
  bool fold_recursion = true;  // a function that calls itself is one node
  TreeKind kind = TreeKind::kAll;
  std::vector<bool> chosen;  // by function; for callers and callees
};

// Each sample counts once, also where the chosen function recurs: the tree's total is then that
// function's cumulative weight.
CallTree BuildCallTree(const Profile& profile, const TreeOptions& options);

// Functions whose name is `text`; without any, those whose name contains it.
std::vector<bool> FunctionsNamed(const Profile& profile, absl::string_view text);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_CALL_TREE_H_
