// Times as people type them after --from and --to.
#ifndef PROFD_USERSPACE_ANALYSIS_TIME_SPEC_H_
#define PROFD_USERSPACE_ANALYSIS_TIME_SPEC_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace profd {

// The time that the data spans.
struct Extent {
  absl::Time begin = absl::InfiniteFuture();
  absl::Time end = absl::InfinitePast();
  bool empty() const { return begin > end; }
  void Include(absl::Time from, absl::Time to);
};

class TimeSpec {
 public:
  // "14:05", "14:05:30" (of the day that the data is of), "2026-11-21T14:05:30.5" (also with a
  // space, without seconds, with Z or +01:00), "2026-11-21", "-5m" (before the data's end), "+30s"
  // (after its begin). Without an offset in `zone`. INVALID_ARGUMENT shows what is possible.
  static absl::StatusOr<TimeSpec> Parse(absl::string_view text, absl::TimeZone zone);

  // Whether Resolve looks at the extent.
  bool needs_extent() const { return kind_ != Kind::kAbsolute; }

  enum class Side { kFrom, kTo };
  absl::Time Resolve(const Extent& extent, Side side) const;

 private:
  enum class Kind { kAbsolute, kTimeOfDay, kAfterBegin, kBeforeEnd };
  absl::Time OnDay(absl::CivilDay day) const;

  Kind kind_ = Kind::kAbsolute;
  absl::Time time_;
  absl::Duration offset_;  // of kTimeOfDay: since midnight
  absl::TimeZone zone_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_TIME_SPEC_H_
