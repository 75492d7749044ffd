#include <sys/stat.h>

#include <fstream>
#include <iostream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/source_fit.h"
#include "userspace/cli/numbers.h"
#include "userspace/cli/report_output.h"
#include "userspace/text/columns.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr off_t kMaxSourceBytes = 16 << 20;
constexpr int kContext = 3;  // lines around one that has time

bool IsRegular(const std::string& path, struct stat* info) {
  return stat(path.c_str(), info) == 0 && S_ISREG(info->st_mode);
}

// Lines to show: those with time and what stands around them.
std::set<int> LinesToShow(const Annotation& annotation, int last) {
  std::set<int> shown;
  for (const auto& [line, weight] : annotation.lines) {
    if (line <= 0) continue;
    for (int i = line - kContext; i <= line + kContext; ++i) {
      if (i == line || (i >= 1 && i <= last)) shown.insert(i);
    }
  }
  return shown;
}

std::string Head(const std::string& file, const Annotation& annotation, const Summary& summary) {
  return absl::StrCat(file, ": ", WeightText(annotation.cumulative, summary.measure), " (",
                      ShareText(summary.Share(annotation.cumulative)), ") in it and below, ",
                      WeightText(annotation.self, summary.measure), " in it");
}

void PrintLines(const Annotation& annotation, const Source& source, const Summary& summary,
                const Terminal& terminal) {
  std::cout << Styled(terminal, Style::kDim,
                      absl::StrFormat("%8s%7s%9s%7s", "TOTAL", "%", "SELF", "LINE"))
            << "\n";
  const int last = static_cast<int>(source.lines.size());
  int before = 0;
  for (const int number : LinesToShow(annotation, last)) {
    if (before > 0 && number > before + 1) std::cout << absl::StrFormat("%31s\n", "⋮");
    before = number;
    const auto found = annotation.lines.find(number);
    const LineWeight weight = found == annotation.lines.end() ? LineWeight{} : found->second;
    const auto text_of = [&](int64_t w) { return w > 0 ? WeightText(w, summary.measure) : ""; };
    std::cout << absl::StrFormat(
        "%8s%7s%9s%7d", text_of(weight.cumulative),
        weight.cumulative > 0 ? ShareText(summary.Share(weight.cumulative)) : "",
        text_of(weight.self), number);
    if (number <= last) {
      std::string text = Printable(source.lines[static_cast<size_t>(number) - 1]);
      if (terminal.columns > 33) text = FitEnd(text, terminal.columns - 33);
      std::cout << "  "
                << Styled(terminal, weight.cumulative > 0 ? Style::kBold : Style::kDim, text);
    }
    std::cout << "\n";
  }
  if (const auto none = annotation.lines.find(0); none != annotation.lines.end()) {
    std::cout << absl::StrFormat("%8s%7s%9s      ?  (line unknown)\n",
                                 WeightText(none->second.cumulative, summary.measure),
                                 ShareText(summary.Share(none->second.cumulative)),
                                 WeightText(none->second.self, summary.measure));
  }
}

}  // namespace

Source ReadSource(const Profile& profile, const Annotation& annotation, const std::string& typed) {
  Source source;
  struct stat info;
  std::string path = typed;
  if (!IsRegular(path, &info)) path = annotation.file;
  if (!IsRegular(path, &info)) {
    source.problem = absl::StrCat("source not found here: ", annotation.file);
    return source;
  }
  std::ifstream file(path);
  if (info.st_size > kMaxSourceBytes || !file) {
    source.problem = absl::StrCat("cannot read ", path);
    return source;
  }
  for (std::string line; std::getline(file, line);) {
    std::string& expanded = source.lines.emplace_back();
    for (const char c : line)
      c == '\t' ? expanded.append(8 - expanded.size() % 8, ' ') : expanded.append(1, c);
    if (!expanded.empty() && expanded.back() == '\r') expanded.pop_back();
  }
  const std::vector<absl::string_view> lines(source.lines.begin(), source.lines.end());
  const std::string mismatch = SourceMismatch(UseOf(profile, annotation.file), lines);
  if (!mismatch.empty()) {
    source.problem = absl::StrCat(path, " has changed since: ", mismatch);
    source.lines.clear();
    return source;
  }
  const Window& window = profile.window();
  const absl::Time changed = absl::TimeFromTimespec(info.st_mtim);
  if (window.start > absl::UnixEpoch() && changed > window.start) {
    source.warning =
        absl::StrCat(path, " was written after the profile began (",
                     absl::FormatTime("%Y-%m-%d %H:%M:%S", changed, absl::LocalTimeZone()),
                     "): lines may have moved");
  }
  return source;
}

void PrintAnnotation(const Annotation& annotation, const Source& source, const Summary& summary,
                     const Terminal& terminal) {
  std::cout << Head(Printable(annotation.file), annotation, summary) << "\n";
  const std::string& note = source.problem.empty() ? source.warning : source.problem;
  if (!note.empty())
    std::cout << Styled(terminal, Style::kYellow, "note: " + Printable(note)) << "\n";
  std::cout << "\n";
  PrintLines(annotation, source, summary, terminal);
}

void PrintAnnotationMarkdown(const Annotation& annotation, const Source& source,
                             const Summary& summary) {
  const std::string& note = source.problem.empty() ? source.warning : source.problem;
  std::cout << Head(MarkdownCell(annotation.file), annotation, summary) << "\n\n";
  if (!note.empty()) std::cout << MarkdownCell(note) << "\n\n";
  // Four: source may hold fences of three.
  std::cout << "````text\n";
  PrintLines(annotation, source, summary, {});
  std::cout << "````\n";
}

Json AnnotationJson(const Annotation& annotation, const Source& source, const Summary& summary) {
  const bool is_time = summary.measure != Measure::kSamples;
  Json json = SummaryJson(summary);
  json["file"] = annotation.file;
  json["source_problem"] = source.problem;
  json["source_warning"] = source.warning;
  json["lines"] = Json::array();
  for (const auto& [number, weight] : annotation.lines) {
    Json& out = json["lines"].emplace_back();
    out["line"] = number;
    out[is_time ? "self_ns" : "self"] = weight.self;
    out[is_time ? "cumulative_ns" : "cumulative"] = weight.cumulative;
    out["samples"] = weight.samples;
    if (number >= 1 && static_cast<size_t>(number) <= source.lines.size()) {
      out["text"] = source.lines[static_cast<size_t>(number) - 1];
    }
  }
  return json;
}

}  // namespace profd
