#include "userspace/analysis/call_tree.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"

namespace profd {
namespace {

using Node = CallTree::Node;

class Builder {
 public:
  Builder(const Profile& profile, const TreeOptions& options)
      : profile_(profile), options_(options), nodes_(1) {}

  void Add(const Profile::Sample& sample) {
    if (!Path(sample.stack)) return;
    const int64_t weight = WeightOf(sample, options_.measure);
    const int64_t count = CountOf(sample, options_.measure);
    Count(0, weight, count);
    uint32_t at = 0, repeats = 1;
    for (const uint32_t frame : path_) {
      if (options_.fold_recursion && at != 0 && FunctionOf(frame) == FunctionOf(nodes_[at].frame)) {
        nodes_[at].repeats = std::max(nodes_[at].repeats, ++repeats);
        continue;
      }
      at = Child(at, frame);
      repeats = 1;
      Count(at, weight, count);
    }
    nodes_[at].self += weight;
  }

  // Renumbers breadth first, so that children lie side by side.
  std::vector<Node> Finish() && {
    std::vector<uint32_t> order(nodes_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    depth_.resize(nodes_.size(), 0);
    for (uint32_t i = 1; i < nodes_.size(); ++i) depth_[i] = depth_[nodes_[i].parent] + 1;
    std::vector<uint32_t> place(nodes_.size(), 0);
    std::sort(order.begin() + 1, order.end(),
              [this](uint32_t a, uint32_t b) { return depth_[a] < depth_[b]; });
    // One level at a time: parents' places are known when children are sorted.
    for (size_t begin = 1; begin < order.size();) {
      size_t end = begin;
      while (end < order.size() && depth_[order[end]] == depth_[order[begin]]) ++end;
      std::sort(order.begin() + static_cast<ptrdiff_t>(begin),
                order.begin() + static_cast<ptrdiff_t>(end), [&](uint32_t a, uint32_t b) {
                  const Node& x = nodes_[a];
                  const Node& y = nodes_[b];
                  if (x.parent != y.parent) return place[x.parent] < place[y.parent];
                  if (x.cumulative != y.cumulative) return x.cumulative > y.cumulative;
                  return x.frame < y.frame;
                });
      for (; begin < end; ++begin) place[order[begin]] = static_cast<uint32_t>(begin);
    }
    std::vector<Node> sorted;
    sorted.reserve(nodes_.size());
    for (const uint32_t old : order) {
      Node& node = sorted.emplace_back(nodes_[old]);
      node.parent = place[node.parent];
      const uint32_t at = static_cast<uint32_t>(sorted.size() - 1);
      if (at == 0) continue;
      Node& parent = sorted[node.parent];
      if (parent.children_end == 0) parent.children_begin = at;
      parent.children_end = at + 1;
    }
    return sorted;
  }

 private:
  uint32_t FunctionOf(uint32_t frame) const {
    return options_.by_line ? profile_.locations()[frame].function : frame;
  }

  // Fills path_ from the tree's root on; false when the stack has no place in the tree.
  bool Path(Profile::StackId id) {
    const absl::Span<const uint32_t> stack = profile_.stack(id);
    path_.clear();
    for (const uint32_t location : stack) {
      path_.push_back(options_.by_line ? location : profile_.locations()[location].function);
    }
    std::reverse(path_.begin(), path_.end());
    if (options_.kind == TreeKind::kAll) return true;
    const auto outermost = std::find_if(path_.begin(), path_.end(), [this](uint32_t frame) {
      return options_.chosen[FunctionOf(frame)];
    });
    if (outermost == path_.end()) return false;
    if (options_.kind == TreeKind::kCallees) {
      path_.erase(path_.begin(), outermost);
    } else {
      path_.erase(outermost + 1, path_.end());
      std::reverse(path_.begin(), path_.end());
    }
    return true;
  }

  void Count(uint32_t node, int64_t weight, int64_t samples) {
    nodes_[node].cumulative += weight;
    nodes_[node].samples += samples;
  }

  uint32_t Child(uint32_t parent, uint32_t frame) {
    const auto [at, is_new] =
        children_.try_emplace(uint64_t{parent} << 32 | frame, static_cast<uint32_t>(nodes_.size()));
    if (is_new) nodes_.push_back({.frame = frame, .parent = parent});
    return at->second;
  }

  const Profile& profile_;
  const TreeOptions& options_;
  std::vector<Node> nodes_;
  absl::flat_hash_map<uint64_t, uint32_t> children_;
  std::vector<uint32_t> path_;
  std::vector<uint32_t> depth_;
};

}  // namespace

CallTree BuildCallTree(const Profile& profile, const TreeOptions& options) {
  Builder builder(profile, options);
  for (const Profile::Sample& sample : profile.samples()) builder.Add(sample);
  CallTree tree{.by_line = options.by_line, .measure = options.measure};
  tree.nodes = std::move(builder).Finish();
  return tree;
}

std::vector<bool> FunctionsNamed(const Profile& profile, absl::string_view text) {
  std::vector<bool> equal, containing;
  bool any_equal = false;
  for (const auto& function : profile.functions()) {
    equal.push_back(function->name == text);
    containing.push_back(absl::StrContains(function->name, text));
    any_equal = any_equal || equal.back();
  }
  return any_equal ? equal : containing;
}

}  // namespace profd
