#include "userspace/analysis/table.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace profd {
namespace {

std::string Where(const Function& function, int line) {
  if (function.file.empty() || line <= 0) return function.file;
  return absl::StrCat(function.file, ":", line);
}

// Name and place of one frame's row.
std::pair<std::string, std::string> FrameRow(const Function& function, int line, TableKey key) {
  switch (key) {
    case TableKey::kFunction:
      return {function.name, Where(function, function.first_line)};
    case TableKey::kLine:
      return {function.name, Where(function, line)};
    default:
      return {function.file.empty() ? function.name : function.file, ""};
  }
}

std::string LabelRow(const Labels& labels, TableKey key) {
  std::string name = absl::StrCat(labels.comm, " ", labels.pid);
  if (key == TableKey::kThread) absl::StrAppend(&name, " ", labels.thread, " ", labels.tid);
  return name;
}

}  // namespace

absl::StatusOr<TableKey> ParseTableKey(absl::string_view name) {
  if (name == "function") return TableKey::kFunction;
  if (name == "line") return TableKey::kLine;
  if (name == "file") return TableKey::kFile;
  if (name == "process") return TableKey::kProcess;
  if (name == "thread") return TableKey::kThread;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is none of function, line, file, process, thread"));
}

int64_t TotalNs(const Profile& profile) {
  int64_t total = 0;
  for (const Profile::Sample& sample : profile.samples()) total += sample.cpu_ns;
  return total;
}

std::vector<TableRow> BuildTable(const Profile& profile, TableKey key) {
  std::vector<TableRow> rows;
  absl::flat_hash_map<std::pair<std::string, std::string>, size_t> ids;
  auto row_of = [&](std::pair<std::string, std::string> name) {
    auto [at, added] = ids.try_emplace(name, rows.size());
    if (added) rows.push_back({std::move(name.first), std::move(name.second)});
    return at->second;
  };

  if (key == TableKey::kProcess || key == TableKey::kThread) {
    for (const Profile::Sample& sample : profile.samples()) {
      TableRow& row = rows[row_of({LabelRow(profile.labels(sample.labels), key), ""})];
      row.self_ns += sample.cpu_ns;
      row.cumulative_ns += sample.cpu_ns;
      row.samples += sample.count;
    }
  } else {
    std::vector<size_t> row_of_location;
    for (const Profile::Location& location : profile.locations()) {
      const Function& function = *profile.functions()[location.function];
      row_of_location.push_back(row_of(FrameRow(function, location.line, key)));
    }
    std::vector<size_t> seen_in(rows.size(), 0);  // number of the sample that last counted it
    size_t number = 0;
    for (const Profile::Sample& sample : profile.samples()) {
      ++number;
      bool leaf = true;
      for (uint32_t location : profile.stack(sample.stack)) {
        const size_t id = row_of_location[location];
        if (std::exchange(leaf, false)) rows[id].self_ns += sample.cpu_ns;
        if (std::exchange(seen_in[id], number) == number) continue;
        rows[id].cumulative_ns += sample.cpu_ns;
        rows[id].samples += sample.count;
      }
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const TableRow& a, const TableRow& b) {
    return std::pair(a.self_ns, a.cumulative_ns) > std::pair(b.self_ns, b.cumulative_ns);
  });
  return rows;
}

}  // namespace profd
