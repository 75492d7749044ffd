// Reports on standard output: text for people, Markdown for comments, JSON for programs.
#ifndef PROFD_USERSPACE_CLI_REPORT_OUTPUT_H_
#define PROFD_USERSPACE_CLI_REPORT_OUTPUT_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "userspace/analysis/annotation.h"
#include "userspace/analysis/call_tree.h"
#include "userspace/analysis/measure.h"
#include "userspace/analysis/table.h"
#include "userspace/cli/terminal.h"
#include "userspace/profile/profile.h"

namespace profd {

using Json = nlohmann::ordered_json;

// Everything that a report is of.
struct Summary {
  size_t files = 0;
  Window window;
  Measure measure = Measure::kCpu;
  int64_t total = 0;
  int64_t samples = 0;
  std::map<std::string, int64_t> lost;  // samples by reason

  double seconds() const { return absl::ToDoubleSeconds(window.duration); }
  double Share(int64_t weight) const;
  // CPU (or wall) seconds a second; 0 when the duration is not known or samples are counted.
  double Cores(int64_t weight) const;
  bool has_cores() const { return measure != Measure::kSamples && seconds() > 0; }
};

Summary Summarize(const Profile& profile, size_t files, Measure measure);
std::string SummaryLine(const Summary& summary);
Json SummaryJson(const Summary& summary);
void PrintJson(const Json& json);

// Control characters, pipes and backquotes of names cannot leave their cell.
std::string MarkdownCell(absl::string_view text);

void PrintTable(const Table& table, const Summary& summary, const Terminal& terminal, SortBy sort,
                size_t rows);
void PrintTableMarkdown(const Table& table, const Summary& summary, SortBy sort, size_t rows);
Json TableJson(const Table& table, const Summary& summary);

struct TreeLimits {
  double cutoff = 0.005;  // share of the tree under which a node is not shown
  size_t rows = 60;       // the heaviest
};
void PrintTree(const Profile& profile, const CallTree& tree, const Summary& summary,
               const Terminal& terminal, const TreeLimits& limits);
void PrintTreeMarkdown(const Profile& profile, const CallTree& tree, const Summary& summary,
                       const TreeLimits& limits);
Json TreeJson(const Profile& profile, const CallTree& tree, const Summary& summary);

// The source on this machine, or why it is not shown.
struct Source {
  std::vector<std::string> lines;
  std::string problem;  // empty: `lines` may be what ran
  std::string warning;
};
Source ReadSource(const Profile& profile, const Annotation& annotation, const std::string& typed);
void PrintAnnotation(const Annotation& annotation, const Source& source, const Summary& summary,
                     const Terminal& terminal);
void PrintAnnotationMarkdown(const Annotation& annotation, const Source& source,
                             const Summary& summary);
Json AnnotationJson(const Annotation& annotation, const Source& source, const Summary& summary);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_REPORT_OUTPUT_H_
