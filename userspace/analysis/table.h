// A profile as a table: what takes the time.
#ifndef PROFD_USERSPACE_ANALYSIS_TABLE_H_
#define PROFD_USERSPACE_ANALYSIS_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/profile.h"

namespace profd {

enum class TableKey { kFunction, kLine, kFile, kProcess, kThread };
// kInvalidArgument names the choices.
absl::StatusOr<TableKey> ParseTableKey(absl::string_view name);

struct TableRow {
  std::string name;           // function, "function file:line", file, process or thread
  std::string where;          // file:line of a function; empty otherwise
  int64_t self_ns = 0;        // at the leaf
  int64_t cumulative_ns = 0;  // anywhere in the stack, once a sample however deep it recurs
  int64_t samples = 0;        // of cumulative_ns
};

// Most self time first (for processes and threads: most time).
std::vector<TableRow> BuildTable(const Profile& profile, TableKey key);
int64_t TotalNs(const Profile& profile);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_TABLE_H_
