#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/statistics.h"
#include "userspace/cli/numbers.h"
#include "userspace/cli/report_output.h"
#include "userspace/text/columns.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

// Under so many samples a share says less than their number.
constexpr int64_t kFewSamples = 10;
constexpr size_t kIntervalColumns = 110;  // of a terminal that has room for intervals
constexpr size_t kSamplesColumns = 72;

struct Columns {
  bool has_self, has_cores, has_interval, has_samples;
};

Columns ColumnsFor(const Table& table, const Summary& summary, const Terminal& terminal) {
  const auto fits = [&](size_t columns) {
    return terminal.columns == 0 || terminal.columns >= columns;
  };
  return {!IsLabelKey(table.key), summary.has_cores(), fits(kIntervalColumns),
          fits(kSamplesColumns) && summary.measure != Measure::kSamples};
}

std::string Upper(absl::string_view text) { return absl::AsciiStrToUpper(text); }

std::string IntervalText(int64_t samples, int64_t total) {
  const Interval interval = ShareInterval(samples, total);
  return absl::StrFormat("±%.1f", (interval.high - interval.low) * 50);
}

// Where a row is, as short as a narrow terminal wants it: what tells files apart is at their end.
std::string ShortWhere(const TableRow& row) {
  const absl::string_view where = row.where;
  if (row.frame_class == FrameClass::kNative)
    return std::string(where.substr(where.rfind('/') + 1));
  return std::string(WithoutInstallPrefix(where));
}

std::string NameAndWhere(const TableRow& row, size_t width, const Terminal& terminal) {
  const Style style = StyleOf(row.frame_class);
  std::string name = Printable(row.name);
  if (width == 0) {
    const std::string where = Printable(row.where);
    return absl::StrCat(Styled(terminal, style, name), where.empty() ? "" : "  ",
                        Styled(terminal, Style::kDim, where));
  }
  std::string where = Printable(ShortWhere(row));
  const size_t needed = DisplayWidth(name) + (where.empty() ? 0 : DisplayWidth(where) + 2);
  if (needed > width) {
    const size_t for_where = std::min(DisplayWidth(where), width * 2 / 5);
    name = FitMiddle(name, width - std::min(width, for_where + 2));
    const size_t used = DisplayWidth(name) + 2;
    where = FitBegin(where, used < width ? width - used : 0);
  }
  return absl::StrCat(Styled(terminal, style, name), where.empty() ? "" : "  ",
                      Styled(terminal, Style::kDim, where));
}

std::string RightAligned(const std::string& text, size_t width) {
  const size_t has = DisplayWidth(text);
  return has < width ? std::string(width - has, ' ') + text : text;
}

// Weight, share and, if wanted, interval.
std::string Pair(int64_t weight, int64_t samples, const Table& table, const Summary& summary,
                 bool has_interval) {
  const bool is_few = samples < kFewSamples;
  std::string cells =
      absl::StrCat(RightAligned(WeightText(weight, table.measure), 8),
                   RightAligned(is_few || weight == 0 ? "" : ShareText(summary.Share(weight)), 7));
  if (has_interval) {
    cells += RightAligned(is_few ? "" : IntervalText(samples, table.samples), 6);
  }
  return cells;
}

int64_t SortedWeight(const TableRow& row, SortBy sort, bool has_self) {
  return sort == SortBy::kSelf && has_self ? row.self : row.cumulative;
}

Json ShareJson(int64_t weight, int64_t samples, const Table& table, const Summary& summary) {
  const Interval interval = ShareInterval(samples, table.samples);
  return {{"share", summary.Share(weight)}, {"low", interval.low}, {"high", interval.high}};
}

}  // namespace

void PrintTable(const Table& table, const Summary& summary, const Terminal& terminal, SortBy sort,
                size_t rows) {
  const Columns columns = ColumnsFor(table, summary, terminal);
  std::string head;
  const auto pair_head = [&](const char* title) {
    head += RightAligned(title, 8) + RightAligned("%", 7);
    if (columns.has_interval) head += RightAligned("95%", 6);
  };
  if (columns.has_self) pair_head("SELF");
  pair_head("TOTAL");
  if (columns.has_cores) head += RightAligned("CORES", 7);
  if (columns.has_samples) head += RightAligned("SAMPLES", 9);
  const size_t used = DisplayWidth(head) + 2;
  std::cout << SummaryLine(summary) << "\n\n"
            << Styled(terminal, Style::kDim,
                      absl::StrCat(head, "  ", Upper(TableKeyName(table.key))))
            << "\n";
  const size_t width = terminal.columns > used ? terminal.columns - used : 0;
  const size_t shown = std::min(rows, table.rows.size());
  for (size_t i = 0; i < shown; ++i) {
    const TableRow& row = table.rows[i];
    if (columns.has_self) {
      std::cout << Pair(row.self, row.self_samples, table, summary, columns.has_interval);
    }
    std::cout << Pair(row.cumulative, row.samples, table, summary, columns.has_interval);
    if (columns.has_cores) {
      const int64_t weight = SortedWeight(row, sort, columns.has_self);
      std::cout << RightAligned(CoresText(summary.Cores(weight)), 7);
    }
    if (columns.has_samples) {
      const bool by_self = sort == SortBy::kSelf && columns.has_self;
      std::cout << RightAligned(CountText(by_self ? row.self_samples : row.samples), 9);
    }
    std::cout << "  " << NameAndWhere(row, width, terminal) << "\n";
  }
  if (table.rows.size() > shown) {
    std::cout << "… " << CountText(static_cast<int64_t>(table.rows.size() - shown))
              << " more rows (--rows)\n";
  }
}

void PrintTableMarkdown(const Table& table, const Summary& summary, SortBy sort, size_t rows) {
  const bool has_self = !IsLabelKey(table.key);
  std::cout << SummaryLine(summary) << "\n\n|";
  if (has_self) std::cout << " self | |";
  std::cout << " total | |";
  if (summary.has_cores()) std::cout << " cores |";
  std::cout << " " << TableKeyName(table.key) << " | |\n|";
  for (int i = 0; i < (has_self ? 4 : 2) + (summary.has_cores() ? 1 : 0); ++i) std::cout << "---:|";
  std::cout << "---|---|\n";
  for (size_t i = 0; i < table.rows.size() && i < rows; ++i) {
    const TableRow& row = table.rows[i];
    std::cout << "|";
    if (has_self) {
      std::cout << " " << WeightText(row.self, table.measure) << " | "
                << ShareText(summary.Share(row.self)) << " |";
    }
    std::cout << " " << WeightText(row.cumulative, table.measure) << " | "
              << ShareText(summary.Share(row.cumulative)) << " |";
    if (summary.has_cores()) {
      std::cout << " " << CoresText(summary.Cores(SortedWeight(row, sort, has_self))) << " |";
    }
    std::cout << " " << MarkdownCell(row.name) << " | " << MarkdownCell(ShortWhere(row)) << " |\n";
  }
  if (table.rows.size() > rows) {
    std::cout << "\n… " << CountText(static_cast<int64_t>(table.rows.size() - rows))
              << " more rows\n";
  }
}

Json TableJson(const Table& table, const Summary& summary) {
  const bool is_time = table.measure != Measure::kSamples;
  Json json = SummaryJson(summary);
  json["by"] = std::string(TableKeyName(table.key));
  json["rows"] = Json::array();
  for (const TableRow& row : table.rows) {
    Json& out = json["rows"].emplace_back();
    out["name"] = row.name;
    out["where"] = row.where;
    if (!IsLabelKey(table.key)) {
      out["kind"] = std::string(FrameClassName(row.frame_class));
      out[is_time ? "self_ns" : "self"] = row.self;
      out["self_samples"] = row.self_samples;
      out["self_share"] = ShareJson(row.self, row.self_samples, table, summary);
      if (summary.has_cores()) out["self_cores"] = summary.Cores(row.self);
    }
    out[is_time ? "cumulative_ns" : "cumulative"] = row.cumulative;
    out["samples"] = row.samples;
    out["cumulative_share"] = ShareJson(row.cumulative, row.samples, table, summary);
    if (summary.has_cores()) out["cumulative_cores"] = summary.Cores(row.cumulative);
  }
  return json;
}

}  // namespace profd
