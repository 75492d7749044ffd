// A profile as a table: what takes the time.
#ifndef PROFD_USERSPACE_ANALYSIS_TABLE_H_
#define PROFD_USERSPACE_ANALYSIS_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/analysis/measure.h"
#include "userspace/profile/profile.h"

namespace profd {

enum class TableKey {
  kFunction,
  kLine,
  kFile,
  kPackage,
  kKind,
  // Of samples' labels: every sample falls to one row.
  kProcess,
  kThread,
  kComm,
  kContainer,
  kPython,
};
// INVALID_ARGUMENT names the choices.
absl::StatusOr<TableKey> ParseTableKey(absl::string_view name);
absl::string_view TableKeyName(TableKey key);
// Rows are of samples' labels, and have no self time apart from their whole.
inline bool IsLabelKey(TableKey key) { return key >= TableKey::kProcess; }

struct TableRow {
  std::string name;                           // function, file, package, kind or label
  std::string where;                          // of a function or line: file:line; empty otherwise
  FrameClass frame_class = FrameClass::kOwn;  // of the first function seen in it
  // In units of the measure. Cumulative: once a sample, however deep it recurs.
  int64_t self = 0;
  int64_t cumulative = 0;
  int64_t self_samples = 0;
  int64_t samples = 0;  // of `cumulative`
};

struct Table {
  TableKey key = TableKey::kFunction;
  Measure measure = Measure::kCpu;
  std::vector<TableRow> rows;
  int64_t total = 0;
  int64_t samples = 0;
};

enum class SortBy { kSelf, kCumulative };

// Most of `sort` first. Equal rows come in the order of their names.
Table BuildTable(const Profile& profile, TableKey key, Measure measure,
                 SortBy sort = SortBy::kSelf);

// "file:line", or what of it is known.
std::string Where(absl::string_view file, int line);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_TABLE_H_
