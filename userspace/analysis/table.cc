#include "userspace/analysis/table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "userspace/profile/label_names.h"

namespace profd {
namespace {

constexpr std::pair<TableKey, absl::string_view> kKeys[] = {
    {TableKey::kFunction, "function"},
    {TableKey::kLine, "line"},
    {TableKey::kFile, "file"},
    {TableKey::kPackage, "package"},
    {TableKey::kKind, "kind"},
    {TableKey::kProcess, "process"},
    {TableKey::kThread, kThreadLabel},
    {TableKey::kComm, kCommLabel},
    {TableKey::kContainer, kContainerLabel},
    {TableKey::kPython, kPythonLabel},
};

// Name and place of one frame's row.
std::pair<std::string, std::string> FrameRow(const Function& function, int line, TableKey key) {
  switch (key) {
    case TableKey::kFunction:
      return {function.name, Where(function.file, function.first_line)};
    case TableKey::kLine:
      return {function.name, Where(function.file, line)};
    case TableKey::kPackage:
      return {PackageOf(function), ""};
    case TableKey::kKind:
      return {std::string(FrameClassName(Classify(function))), ""};
    default:
      return {function.file.empty() ? function.name : function.file, ""};
  }
}

std::string LabelRow(const Labels& labels, TableKey key) {
  switch (key) {
    case TableKey::kComm:
      return labels.comm.empty() ? "[no name]" : labels.comm;
    case TableKey::kContainer:
      return labels.container.empty() ? "[no container]" : labels.container;
    case TableKey::kPython:
      return labels.python.empty() ? "[unknown]" : labels.python;
    default:
      break;
  }
  std::string name = absl::StrCat(labels.comm, " ", labels.pid);
  if (key == TableKey::kThread) absl::StrAppend(&name, " ", labels.thread, " ", labels.tid);
  return name;
}

class Builder {
 public:
  Builder(const Profile& profile, Table* table) : profile_(profile), table_(*table) {}

  void ByLabels() {
    absl::flat_hash_map<uint32_t, size_t> row_of_labels;
    for (const Profile::Sample& sample : profile_.samples()) {
      const auto [at, is_new] =
          row_of_labels.try_emplace(static_cast<uint32_t>(sample.labels), size_t{0});
      if (is_new) at->second = Row({LabelRow(profile_.labels(sample.labels), table_.key), ""});
      AddSelf(sample, &table_.rows[at->second]);
      AddCumulative(sample, &table_.rows[at->second]);
    }
  }

  void ByFrames() {
    std::vector<size_t> row_of_location;
    for (const Profile::Location& location : profile_.locations()) {
      const Function& function = *profile_.functions()[location.function];
      const size_t known = table_.rows.size();
      row_of_location.push_back(Row(FrameRow(function, location.line, table_.key)));
      if (row_of_location.back() == known) table_.rows.back().frame_class = Classify(function);
    }
    std::vector<size_t> seen_in(table_.rows.size(),
                                0);  // number of the sample that last counted it
    size_t number = 0;
    for (const Profile::Sample& sample : profile_.samples()) {
      ++number;
      bool is_leaf = true;
      for (const uint32_t location : profile_.stack(sample.stack)) {
        const size_t row = row_of_location[location];
        if (std::exchange(is_leaf, false)) AddSelf(sample, &table_.rows[row]);
        if (std::exchange(seen_in[row], number) == number) continue;
        AddCumulative(sample, &table_.rows[row]);
      }
    }
  }

 private:
  size_t Row(std::pair<std::string, std::string> name) {
    const auto [at, is_new] = ids_.try_emplace(name, table_.rows.size());
    if (is_new) table_.rows.push_back({std::move(name.first), std::move(name.second)});
    return at->second;
  }

  void AddSelf(const Profile::Sample& sample, TableRow* row) const {
    row->self += WeightOf(sample, table_.measure);
    row->self_samples += CountOf(sample, table_.measure);
  }

  void AddCumulative(const Profile::Sample& sample, TableRow* row) const {
    row->cumulative += WeightOf(sample, table_.measure);
    row->samples += CountOf(sample, table_.measure);
  }

  const Profile& profile_;
  Table& table_;
  absl::flat_hash_map<std::pair<std::string, std::string>, size_t> ids_;
};

}  // namespace

std::string Where(absl::string_view file, int line) {
  return file.empty() || line <= 0 ? std::string(file) : absl::StrCat(file, ":", line);
}

absl::string_view TableKeyName(TableKey key) {
  for (const auto& [known, name] : kKeys) {
    if (known == key) return name;
  }
  return "";
}

absl::StatusOr<TableKey> ParseTableKey(absl::string_view name) {
  std::vector<absl::string_view> names;
  for (const auto& [key, known] : kKeys) {
    if (known == name) return key;
    names.push_back(known);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is none of ", absl::StrJoin(names, ", ")));
}

Table BuildTable(const Profile& profile, TableKey key, Measure measure, SortBy sort) {
  Table table{.key = key, .measure = measure};
  for (const Profile::Sample& sample : profile.samples()) {
    table.total += WeightOf(sample, measure);
    table.samples += CountOf(sample, measure);
  }
  Builder builder(profile, &table);
  IsLabelKey(key) ? builder.ByLabels() : builder.ByFrames();
  std::sort(table.rows.begin(), table.rows.end(), [sort](const TableRow& a, const TableRow& b) {
    const auto weights = [sort](const TableRow& row) {
      return sort == SortBy::kSelf ? std::pair(row.self, row.cumulative)
                                   : std::pair(row.cumulative, row.self);
    };
    if (weights(a) != weights(b)) return weights(a) > weights(b);
    return std::tie(a.name, a.where) < std::tie(b.name, b.where);
  });
  return table;
}

}  // namespace profd
