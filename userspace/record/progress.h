// What a recording says of itself on stderr while it runs, and at its end.
#ifndef PROFD_USERSPACE_RECORD_PROGRESS_H_
#define PROFD_USERSPACE_RECORD_PROGRESS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "userspace/collector/accounting.h"
#include "userspace/sampling/finished_window.h"

namespace profd {

// "1,234 samples, 98.9 Hz, nothing lost, 17 s left". `left` may be infinite.
std::string ProgressText(const Accounting& so_far, absl::Duration left);

// "1,234 samples of 3 processes in 10.0 s, 98.9 Hz, 12 lost (ring_full 12)".
std::string SummaryText(const FinishedWindow& window);

// A line on stderr that is written over, where stderr is a terminal that can; else nothing.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { Clear(); }

  bool shown() const { return shown_; }
  void Show(absl::string_view text);
  void Clear();

 private:
  const bool shown_;
  bool dirty_ = false;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_PROGRESS_H_
