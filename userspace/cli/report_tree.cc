#include <algorithm>
#include <iostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/heaviest.h"
#include "userspace/cli/numbers.h"
#include "userspace/cli/report_output.h"
#include "userspace/text/columns.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

class TreePrinter {
 public:
  TreePrinter(const Profile& profile, const CallTree& tree, const Summary& summary,
              const Terminal& terminal, const TreeLimits& limits)
      : profile_(profile),
        tree_(tree),
        summary_(summary),
        terminal_(terminal),
        heaviest_(Weights(tree), limits.rows),
        cutoff_(std::max<int64_t>(
            1,
            static_cast<int64_t>(limits.cutoff * static_cast<double>(tree.nodes[0].cumulative)))) {}

  void Print() {
    std::cout << Styled(terminal_, Style::kDim,
                        absl::StrFormat("%8s%7s%9s  FUNCTION", "TOTAL", "%", "SELF"))
              << "\n";
    Line(tree_.nodes[0], Styled(terminal_, Style::kBold, "all"));
    Children(0, "");
  }

 private:
  static constexpr size_t kNumbers = 26;

  static std::vector<int64_t> Weights(const CallTree& tree) {
    std::vector<int64_t> weights;
    for (const CallTree::Node& node : tree.nodes) weights.push_back(node.cumulative);
    return weights;
  }

  bool IsShown(uint32_t node) const {
    return tree_.nodes[node].cumulative >= cutoff_ && heaviest_.Has(node);
  }

  void Line(const CallTree::Node& node, const std::string& text) const {
    const std::string self = node.self > 0 ? WeightText(node.self, tree_.measure) : "";
    std::cout << absl::StrFormat("%8s%7s%9s  ", WeightText(node.cumulative, tree_.measure),
                                 ShareText(summary_.Share(node.cumulative)), self)
              << text << "\n";
  }

  std::string Label(const CallTree::Node& node, size_t indent) const {
    const Function& function = tree_.FunctionOf(profile_, node);
    const FrameClass frame_class = Classify(function);
    std::string name = Printable(function.name);
    if (node.repeats > 1) absl::StrAppend(&name, " ×", node.repeats);
    const int line = tree_.by_line ? profile_.locations()[node.frame].line : function.first_line;
    absl::string_view file = function.file;
    if (frame_class == FrameClass::kNative) {
      file = file.substr(file.rfind('/') + 1);
    } else if (terminal_.columns > 0) {
      file = WithoutInstallPrefix(file);
    }
    std::string where = Printable(Where(file, line));
    if (terminal_.columns > 0) {
      const size_t taken = kNumbers + indent;
      const size_t width =
          std::max<size_t>(terminal_.columns > taken ? terminal_.columns - taken : 0, 12);
      name = FitMiddle(name, width);
      const size_t left = width - DisplayWidth(name);
      where = left > 8 ? FitBegin(where, left - 2) : "";
    }
    return absl::StrCat(Styled(terminal_, StyleOf(frame_class), name), where.empty() ? "" : "  ",
                        Styled(terminal_, Style::kDim, where));
  }

  // An only child stands below its parent, not to the right of it: stacks are deep, terminals
  // narrow. `indent` is what lines below this one begin with.
  void Children(uint32_t parent, const std::string& indent) {
    const CallTree::Node* node = &tree_.nodes[parent];
    while (true) {
      uint32_t shown = node->children_begin;
      while (shown < node->children_end && IsShown(shown)) ++shown;
      int64_t hidden = 0;
      for (uint32_t i = shown; i < node->children_end; ++i) hidden += tree_.nodes[i].cumulative;
      const bool has_rest = hidden >= cutoff_;
      if (shown == node->children_begin + 1 && !has_rest && node != &tree_.nodes[0]) {
        node = &tree_.nodes[node->children_begin];
        Line(*node, absl::StrCat(indent, Label(*node, DisplayWidth(indent))));
        continue;
      }
      for (uint32_t i = node->children_begin; i < shown; ++i) {
        const bool is_last = i + 1 == shown && !has_rest;
        const CallTree::Node& child = tree_.nodes[i];
        Line(child,
             absl::StrCat(indent, is_last ? "└─ " : "├─ ", Label(child, DisplayWidth(indent) + 3)));
        Children(i, absl::StrCat(indent, is_last ? "   " : "│  "));
      }
      if (has_rest) Rest(hidden, node->children_end - shown, indent);
      return;
    }
  }

  void Rest(int64_t hidden, uint32_t count, const std::string& indent) const {
    const CallTree::Node rest{.cumulative = hidden};
    Line(rest, absl::StrCat(
                   indent, "└─ ",
                   Styled(terminal_, Style::kDim, absl::StrCat("… ", CountText(count), " more"))));
  }

  const Profile& profile_;
  const CallTree& tree_;
  const Summary& summary_;
  const Terminal& terminal_;
  Heaviest heaviest_;
  int64_t cutoff_;
};

}  // namespace

void PrintTree(const Profile& profile, const CallTree& tree, const Summary& summary,
               const Terminal& terminal, const TreeLimits& limits) {
  std::cout << SummaryLine(summary) << "\n\n";
  TreePrinter(profile, tree, summary, terminal, limits).Print();
}

void PrintTreeMarkdown(const Profile& profile, const CallTree& tree, const Summary& summary,
                       const TreeLimits& limits) {
  constexpr size_t kCommentColumns = 120;  // what a comment shows without scrolling
  std::cout << SummaryLine(summary) << "\n\n```text\n";
  TreePrinter(profile, tree, summary, {.columns = kCommentColumns}, limits).Print();
  std::cout << "```\n";
}

// Flat, since a tree may be deeper than readers of JSON can nest: parents come before children.
Json TreeJson(const Profile& profile, const CallTree& tree, const Summary& summary) {
  const bool is_time = tree.measure != Measure::kSamples;
  Json json = SummaryJson(summary);
  json["nodes"] = Json::array();
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    const CallTree::Node& node = tree.nodes[i];
    Json& out = json["nodes"].emplace_back();
    if (i > 0) {
      const Function& function = tree.FunctionOf(profile, node);
      out["parent"] = node.parent;
      out["name"] = function.name;
      out["file"] = function.file;
      out["line"] = tree.by_line ? profile.locations()[node.frame].line : function.first_line;
      out["kind"] = std::string(FrameClassName(Classify(function)));
      if (node.repeats > 1) out["recursion"] = node.repeats;
    }
    out[is_time ? "self_ns" : "self"] = node.self;
    out[is_time ? "cumulative_ns" : "cumulative"] = node.cumulative;
    out["samples"] = node.samples;
  }
  return json;
}

}  // namespace profd
