#include "userspace/formats/frame_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace profd {
namespace {

std::string Named(absl::string_view what, int64_t id, absl::string_view name) {
  std::string text(what);
  if (id != 0) absl::StrAppend(&text, " ", id);
  if (!name.empty()) absl::StrAppend(&text, id != 0 ? ":" : " ", "\"", name, "\"");
  return text;
}

}  // namespace

int ShownLine(const Function& function, int line, FrameLines lines) {
  switch (lines) {
    case FrameLines::kExecuted:
      return std::max(line, 0);
    case FrameLines::kFirst:
      return std::max(function.first_line, 0);
    case FrameLines::kNone:
      break;
  }
  return 0;
}

std::string FrameText(const Function& function, int line, FrameLines lines) {
  std::string text = function.name.empty() ? kUnnamed : function.name;
  if (function.file.empty()) return text;
  const int shown = ShownLine(function, line, lines);
  absl::StrAppend(&text, " (", function.file);
  if (shown > 0) absl::StrAppend(&text, ":", shown);
  return absl::StrCat(text, ")");
}

std::string ProcessText(const Labels& labels) { return Named("process", labels.pid, labels.comm); }
std::string ThreadText(const Labels& labels) { return Named("thread", labels.tid, labels.thread); }

int64_t TimeNs(const Profile::Sample& sample) { return std::max(sample.cpu_ns, sample.wall_ns); }

int64_t Periods(const Profile::Sample& sample, int64_t period_ns) {
  const int64_t time_ns = TimeNs(sample);
  if (period_ns <= 0 || time_ns <= 0) return std::max<int64_t>(sample.count, 0);
  const int64_t whole = time_ns / period_ns;
  const int64_t rest = time_ns % period_ns;
  return std::max<int64_t>(whole + (rest >= period_ns - rest ? 1 : 0), 1);
}

}  // namespace profd
