// Stacks that share their outermost frames, as a tree.
#ifndef PROFD_USERSPACE_FORMATS_PREFIX_TREE_H_
#define PROFD_USERSPACE_FORMATS_PREFIX_TREE_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace profd {

// Nodes in an order in which parents come before their children.
class PrefixTree {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  struct Node {
    uint32_t parent;  // kNone: a root
    uint32_t frame;   // whatever the caller numbers
  };

  // The child of `parent` with that frame, made when it is not there.
  uint32_t Child(uint32_t parent, uint32_t frame) {
    const uint64_t key = uint64_t{parent} << 32 | frame;
    const auto [entry, is_new] = ids_.try_emplace(key, static_cast<uint32_t>(nodes_.size()));
    if (is_new) nodes_.push_back({parent, frame});
    return entry->second;
  }

  // The node of a stack, leaf first; kNone for an empty one.
  uint32_t Add(absl::Span<const uint32_t> stack) {
    uint32_t node = kNone;
    for (size_t i = stack.size(); i-- > 0;) node = Child(node, stack[i]);
    return node;
  }

  absl::Span<const Node> nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
  absl::flat_hash_map<uint64_t, uint32_t> ids_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_PREFIX_TREE_H_
