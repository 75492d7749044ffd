// What diff and check share: two sides, compared.
#ifndef PROFD_USERSPACE_CLI_DIFF_INPUTS_H_
#define PROFD_USERSPACE_CLI_DIFF_INPUTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "userspace/analysis/diff.h"
#include "userspace/analysis/filter.h"
#include "userspace/cli/report_output.h"
#include "userspace/cli/terminal.h"

namespace CLI {
class App;
}

namespace profd {

// As typed.
struct DiffFlags {
  std::string before, after;  // a file, a directory, or several of them, separated by commas
  std::string by = "function";
  std::string metric = "share";
  std::string value;
  bool self = false;
  bool json = false;
  bool markdown = false;
  FilterOptions filter;
};

// The positional arguments are called `before` and `after` in --help.
void AddDiffFlags(CLI::App* command, const char* before, const char* after, DiffFlags* flags);

// Of one side as typed: the paths between the commas.
std::vector<std::string> SidePaths(const std::string& typed);

struct Compared {
  DiffSide before, after;
  Diff diff;
};

// INVALID_ARGUMENT: a flag is wrong; anything else: a file.
absl::StatusOr<Compared> CompareInputs(const DiffFlags& flags);

// "A: 12.3s in 10.0s, …", one line a side, and on what the intervals rest.
std::string SidesText(const Compared& compared);

struct DiffLimits {
  size_t rows = 15;  // of either list
  bool all = false;  // also what is within noise
};
void PrintDiff(const Compared& compared, const Terminal& terminal, const DiffLimits& limits);
void PrintDiffMarkdown(const Compared& compared, const DiffLimits& limits);
Json DiffJson(const Compared& compared);
Json DiffRowJson(const DiffRow& row);

// "12.0% → 17.1%  +5.10 ±0.9" of a row's chosen metric.
std::string ChangeText(const Change& change, DiffMetric metric);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_DIFF_INPUTS_H_
