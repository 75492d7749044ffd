#include "userspace/record/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/text/count_text.h"

namespace profd {
namespace {

bool TerminalCan() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) && kind != nullptr && *kind != '\0' &&
         absl::string_view(kind) != "dumb";
}

// Of each CPU's timer, against the time that it was on.
std::string RateText(const Accounting& accounting) {
  const double cpu_seconds = accounting.events.counted_ns / 1e9;
  return absl::StrFormat("%.1f Hz", cpu_seconds > 0 ? accounting.fired() / cpu_seconds : 0.0);
}

std::string LostText(const Accounting& accounting) {
  if (accounting.TotalLost() == 0) return "nothing lost";
  auto lost = accounting.Lost();
  std::erase_if(lost, [](const auto& reason) { return reason.second == 0; });
  return absl::StrCat(CountText(static_cast<int64_t>(accounting.TotalLost())), " lost (",
                      absl::StrJoin(lost, ", ", absl::PairFormatter(" ")), ")");
}

}  // namespace

std::string ProgressText(const Accounting& so_far, absl::Duration left) {
  std::string text = absl::StrCat(CountText(so_far.consumer.profiled, "sample"), ", ",
                                  RateText(so_far), ", ", LostText(so_far));
  if (left < absl::InfiniteDuration()) {
    const absl::Duration shown = std::max(absl::Ceil(left, absl::Seconds(1)), absl::ZeroDuration());
    absl::StrAppend(&text, ", ", absl::ToInt64Seconds(shown), " s left");
  }
  return text;
}

std::string SummaryText(const FinishedWindow& window) {
  std::string samples = CountText(window.samples, "sample");
  if (window.waiting_samples > 0) {
    absl::StrAppendFormat(&samples, " of CPU time, %d of waiting", window.waiting_samples);
  } else {
    absl::StrAppend(&samples, " of ", CountText(window.processes, "process"));
  }
  return absl::StrFormat("%s in %.1f s, %s, %s", samples, absl::ToDoubleSeconds(window.duration),
                         RateText(window.accounting), LostText(window.accounting));
}

ProgressLine::ProgressLine(bool wanted) : shown_(wanted && TerminalCan()) {}

void ProgressLine::Show(absl::string_view text) {
  if (!shown_) return;
  winsize size = {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  text = text.substr(0, known ? size.ws_col - 1 : 79);  // a second line would stay
  std::fprintf(stderr, "\r\x1b[K%.*s", static_cast<int>(text.size()), text.data());
  std::fflush(stderr);
  dirty_ = true;
}

void ProgressLine::Clear() {
  if (dirty_) std::fputs("\r\x1b[K", stderr);
  dirty_ = false;
}

}  // namespace profd
