#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "userspace/cli/diff_inputs.h"
#include "userspace/cli/numbers.h"
#include "userspace/text/columns.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

using Rows = std::vector<const DiffRow*>;

// Slower: takes more of the chosen metric than before.
Rows Select(const Diff& diff, bool slower, bool all) {
  Rows rows;
  for (const DiffRow& row : diff.rows) {
    const double change = diff.ChangeOf(row).change();
    if ((all || row.is_beyond_noise) && (slower ? change > 0 : change < 0)) rows.push_back(&row);
  }
  return rows;
}

double HalfWidth(const Change& change) { return (change.interval.high - change.interval.low) / 2; }

std::string ValueText(double value, DiffMetric metric) {
  return metric == DiffMetric::kShare ? ShareText(value) : CoresText(value);
}

std::string ChangeAlone(const Change& change, DiffMetric metric) {
  const bool is_share = metric == DiffMetric::kShare;
  const double scale = is_share ? 100 : 1;
  const double half = HalfWidth(change) * scale;
  const int digits = is_share ? 2 : half < 0.01 ? 4 : half < 0.1 ? 3 : 2;
  return absl::StrCat(SignedText(change.change() * scale, digits),
                      std::isfinite(half) ? absl::StrFormat(" ±%.*f", digits, half) : "");
}

std::string SideText(const char* name, const DiffSide& side, Measure measure) {
  std::string text = absl::StrCat(
      name, ": ", measure == Measure::kSamples ? "" : absl::StrCat(SecondsText(side.weight()), " "),
      measure == Measure::kCpu    ? "of CPU time"
      : measure == Measure::kWall ? "of wall time"
                                  : "");
  if (side.seconds() > 0) absl::StrAppend(&text, " in ", SecondsText(side.seconds()));
  absl::StrAppend(&text, ", ", CountText(side.samples(), "sample"));
  if (side.files() != 1) {
    absl::StrAppend(&text, ", ", CountText(static_cast<int64_t>(side.files()), "file"));
  }
  if (side.window().start > absl::UnixEpoch()) {
    absl::StrAppend(
        &text, ", from ",
        absl::FormatTime("%Y-%m-%d %H:%M:%S", side.window().start, absl::LocalTimeZone()));
  }
  return side.samples() == 0 ? absl::StrCat(name, ": no samples") : text;
}

std::string Basis(const Compared& compared) {
  const size_t a = compared.before.observations(), b = compared.after.observations();
  if (a <= 1 && b <= 1) {
    return "intervals: 95%, from sample counts and how much all names differ; "
           "several files a side, or recordings with times, tell more";
  }
  return absl::StrCat("intervals: 95%, from the spread between ", a, " and ", b,
                      compared.before.files() == 1 && compared.after.files() == 1
                          ? " stretches of time"
                          : " files or stretches");
}

// "new", "gone", or nothing.
const char* Mark(const DiffRow& row) { return row.is_new() ? "new" : row.is_gone() ? "gone" : ""; }

std::string Right(const std::string& text, size_t width) {
  const size_t has = DisplayWidth(text);
  return has < width ? std::string(width - has, ' ') + text : text;
}

class TextPrinter {
 public:
  TextPrinter(const Compared& compared, const Terminal& terminal, const DiffLimits& limits)
      : diff_(compared.diff), terminal_(terminal), limits_(limits) {
    // The metric that does not decide goes first where there is little room.
    has_both_ = terminal.columns == 0 || terminal.columns >= 110;
  }

  void Print(bool slower) const {
    const Rows rows = Select(diff_, slower, limits_.all);
    std::cout << "\n"
              << Styled(terminal_, slower ? Style::kRed : Style::kGreen,
                        slower ? "▲ takes more" : "▼ takes less");
    if (rows.empty()) {
      std::cout << ": nothing" << (limits_.all ? "" : " beyond noise") << "\n";
      return;
    }
    std::cout << "\n" << Styled(terminal_, Style::kDim, Head()) << "\n";
    for (size_t i = 0; i < rows.size() && i < limits_.rows; ++i) Line(*rows[i]);
    if (rows.size() > limits_.rows) {
      std::cout << "… " << CountText(static_cast<int64_t>(rows.size() - limits_.rows))
                << " more rows (--rows)\n";
    }
  }

 private:
  static std::string Columns(const Change& change, DiffMetric metric) {
    return absl::StrCat(Right(ValueText(change.before, metric), 8),
                        Right(ValueText(change.after, metric), 8),
                        Right(ChangeAlone(change, metric), 15));
  }

  std::string Head() const {
    const auto columns = [](const char* a, const char* b) {
      return absl::StrCat(Right(a, 8), Right(b, 8), Right("CHANGE", 15));
    };
    const bool is_share = diff_.options.metric == DiffMetric::kShare;
    std::string head = is_share ? columns("A %", "B %") : columns("A CORES", "B CORES");
    if (has_both_) head += is_share ? columns("A CORES", "B CORES") : columns("A %", "B %");
    return absl::StrCat(head, "  NAME");
  }

  void Line(const DiffRow& row) const {
    const DiffMetric metric = diff_.options.metric;
    const DiffMetric other = metric == DiffMetric::kShare ? DiffMetric::kCores : DiffMetric::kShare;
    std::string line = Columns(diff_.ChangeOf(row), metric);
    if (has_both_) line += Columns(other == DiffMetric::kShare ? row.share : row.cores, other);
    const size_t used = DisplayWidth(line) + 2;
    std::string name = Printable(row.name), where = Printable(row.where);
    if (*Mark(row) != '\0') absl::StrAppend(&name, " (", Mark(row), ")");
    if (terminal_.columns > used) {
      const size_t width = terminal_.columns - used;
      name = FitMiddle(name, width);
      const size_t left = width - DisplayWidth(name);
      where = left > 10 ? FitBegin(where, left - 2) : "";
    }
    const Style style = !row.is_beyond_noise               ? Style::kDim
                        : diff_.ChangeOf(row).change() > 0 ? Style::kRed
                                                           : Style::kGreen;
    std::cout << Styled(terminal_, style, line) << "  "
              << Styled(terminal_, row.is_beyond_noise ? StyleOf(row.frame_class) : Style::kDim,
                        name)
              << (where.empty() ? "" : "  ") << Styled(terminal_, Style::kDim, where) << "\n";
  }

  const Diff& diff_;
  const Terminal& terminal_;
  const DiffLimits& limits_;
  bool has_both_;
};

void PrintMarkdownList(const Diff& diff, bool slower, const DiffLimits& limits) {
  const Rows rows = Select(diff, slower, limits.all);
  std::cout << "\n**" << (slower ? "Takes more" : "Takes less") << "**";
  if (rows.empty()) {
    std::cout << ": nothing" << (limits.all ? "" : " beyond noise") << "\n";
    return;
  }
  std::cout << "\n\n| share | change | cores | change | " << TableKeyName(diff.options.key)
            << " | |\n|---:|---:|---:|---:|---|---|\n";
  for (size_t i = 0; i < rows.size() && i < limits.rows; ++i) {
    const DiffRow& row = *rows[i];
    const auto pair = [](const Change& change, DiffMetric metric) {
      return absl::StrCat(ValueText(change.before, metric), " → ", ValueText(change.after, metric),
                          " | ", ChangeAlone(change, metric));
    };
    std::cout << "| " << pair(row.share, DiffMetric::kShare) << " | "
              << pair(row.cores, DiffMetric::kCores) << " | " << MarkdownCell(row.name)
              << (*Mark(row) != '\0' ? absl::StrCat(" (", Mark(row), ")") : "") << " | "
              << MarkdownCell(row.where) << " |\n";
  }
  if (rows.size() > limits.rows) {
    std::cout << "\n… " << CountText(static_cast<int64_t>(rows.size() - limits.rows)) << " more\n";
  }
}

Json ChangeJson(const Change& change) {
  return {{"before", change.before},
          {"after", change.after},
          {"change", change.change()},
          {"low", change.interval.low},
          {"high", change.interval.high}};
}

Json SideJson(const DiffSide& side) {
  return {{"files", side.files()},
          {"observations", side.observations()},
          {"start", absl::FormatTime(absl::RFC3339_full, side.window().start, absl::UTCTimeZone())},
          {"seconds", side.seconds()},
          {"weight", side.weight()},
          {"samples", side.samples()}};
}

}  // namespace

std::string ChangeText(const Change& change, DiffMetric metric) {
  return absl::StrCat(ValueText(change.before, metric), " → ", ValueText(change.after, metric),
                      " (", ChangeAlone(change, metric), ")");
}

std::string SidesText(const Compared& compared) {
  const Diff& diff = compared.diff;
  std::string text = absl::StrCat(SideText("A", compared.before, diff.options.measure), "\n",
                                  SideText("B", compared.after, diff.options.measure), "\n");
  if (compared.before.seconds() > 0 && compared.after.seconds() > 0 &&
      diff.options.measure != Measure::kSamples) {
    absl::StrAppend(&text, "cores: ", ChangeText(diff.total_cores, DiffMetric::kCores),
                    diff.is_total_beyond_noise ? "" : ", within noise", "\n");
  }
  return absl::StrCat(text, Basis(compared), "\n");
}

void PrintDiff(const Compared& compared, const Terminal& terminal, const DiffLimits& limits) {
  std::cout << SidesText(compared);
  const TextPrinter printer(compared, terminal, limits);
  printer.Print(true);
  printer.Print(false);
  const Diff& diff = compared.diff;
  const auto beyond = std::count_if(diff.rows.begin(), diff.rows.end(),
                                    [](const DiffRow& row) { return row.is_beyond_noise; });
  std::cout << "\n"
            << CountText(beyond) << " of " << CountText(static_cast<int64_t>(diff.tested))
            << " names with enough samples are beyond noise"
            << (limits.all ? "" : "; --all shows the others") << "\n";
}

void PrintDiffMarkdown(const Compared& compared, const DiffLimits& limits) {
  // Two blanks at a line's end are Markdown's line break.
  std::cout << absl::StrReplaceAll(SidesText(compared), {{"\n", "  \n"}});
  PrintMarkdownList(compared.diff, true, limits);
  PrintMarkdownList(compared.diff, false, limits);
}

Json DiffRowJson(const DiffRow& row) {
  return {{"name", row.name},
          {"where", row.where},
          {"kind", std::string(FrameClassName(row.frame_class))},
          {"share", ChangeJson(row.share)},
          {"cores", ChangeJson(row.cores)},
          {"samples_before", row.samples_before},
          {"samples_after", row.samples_after},
          {"p", row.p},
          {"beyond_noise", row.is_beyond_noise}};
}

Json DiffJson(const Compared& compared) {
  const Diff& diff = compared.diff;
  Json json;
  json["measure"] = std::string(MeasureName(diff.options.measure));
  json["metric"] = diff.options.metric == DiffMetric::kShare ? "share" : "cores";
  json["of"] = diff.options.of == SortBy::kSelf ? "self" : "total";
  json["before"] = SideJson(compared.before);
  json["after"] = SideJson(compared.after);
  json["total_cores"] = ChangeJson(diff.total_cores);
  json["total_beyond_noise"] = diff.is_total_beyond_noise;
  json["tested"] = diff.tested;
  json["rows"] = Json::array();
  for (const DiffRow& row : diff.rows) json["rows"].push_back(DiffRowJson(row));
  return json;
}

}  // namespace profd
