#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "userspace/cli/numbers.h"
#include "userspace/cli/report_output.h"
#include "userspace/profile/comments.h"
#include "userspace/text/count_text.h"
#include "userspace/text/printable.h"

namespace profd {

double Summary::Share(int64_t weight) const {
  return total > 0 ? static_cast<double>(weight) / static_cast<double>(total) : 0;
}

double Summary::Cores(int64_t weight) const {
  return has_cores() ? static_cast<double>(weight) / 1e9 / seconds() : 0;
}

Summary Summarize(const Profile& profile, size_t files, Measure measure) {
  Summary summary{.files = files, .window = profile.window(), .measure = measure};
  for (const Profile::Sample& sample : profile.samples()) {
    summary.total += WeightOf(sample, measure);
    summary.samples += CountOf(sample, measure);
  }
  for (const std::string& line : profile.comments()) {
    const auto comment = ParseComment(line);
    if (!comment.ok() || comment->name != kLostComment || comment->labels.empty()) continue;
    if (int64_t count; absl::SimpleAtoi(comment->value, &count) && count > 0) {
      summary.lost[comment->labels[0].second] += count;
    }
  }
  return summary;
}

std::string SummaryLine(const Summary& summary) {
  std::string line;
  if (summary.measure == Measure::kSamples) {
    line = CountText(summary.samples, "sample");
  } else {
    line = absl::StrCat(WeightText(summary.total, summary.measure),
                        summary.measure == Measure::kCpu ? " of CPU time" : " of wall time");
  }
  if (summary.seconds() > 0) absl::StrAppend(&line, " in ", SecondsText(summary.seconds()));
  if (summary.has_cores()) {
    absl::StrAppend(&line, ", ", CoresText(summary.Cores(summary.total)),
                    summary.measure == Measure::kCpu ? " cores" : " threads");
  }
  if (summary.measure != Measure::kSamples) {
    absl::StrAppend(&line, ", ", CountText(summary.samples, "sample"));
  }
  if (summary.files > 1)
    absl::StrAppend(&line, ", ", CountText(static_cast<int64_t>(summary.files), "file"));
  if (summary.window.start > absl::UnixEpoch()) {
    absl::StrAppend(
        &line, ", from ",
        absl::FormatTime("%Y-%m-%d %H:%M:%S", summary.window.start, absl::LocalTimeZone()));
  }
  if (!summary.lost.empty()) {
    absl::StrAppend(&line, "\nlost samples:");
    for (const auto& [reason, count] : summary.lost) {
      absl::StrAppend(&line, " ", Printable(reason), " ", CountText(count));
    }
  }
  return line;
}

Json SummaryJson(const Summary& summary) {
  const bool is_time = summary.measure != Measure::kSamples;
  Json json;
  json["files"] = summary.files;
  json["start"] = absl::FormatTime(absl::RFC3339_full, summary.window.start, absl::UTCTimeZone());
  json["duration_ns"] = absl::ToInt64Nanoseconds(summary.window.duration);
  json["measure"] = std::string(MeasureName(summary.measure));
  json[is_time ? "total_ns" : "total"] = summary.total;
  json["samples"] = summary.samples;
  if (summary.has_cores()) json["cores"] = summary.Cores(summary.total);
  json["lost"] = summary.lost;
  return json;
}

void PrintJson(const Json& json) {
  std::cout << json.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) << "\n";
}

std::string MarkdownCell(absl::string_view text) {
  std::string cell = "`";
  for (const char c : Printable(text)) {
    if (c == '|') cell += '\\';
    cell += c == '`' ? '\'' : c;
  }
  return text.empty() ? "" : cell + "`";
}

}  // namespace profd
