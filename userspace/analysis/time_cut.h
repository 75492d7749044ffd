// The part of a recording between two times.
#ifndef PROFD_USERSPACE_ANALYSIS_TIME_CUT_H_
#define PROFD_USERSPACE_ANALYSIS_TIME_CUT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "userspace/profile/recording.h"

namespace profd {

// Nanoseconds since the Unix epoch, `end` not included.
struct TimeRange {
  int64_t begin = 0;
  int64_t end = 0;
  bool Has(int64_t time_ns) const { return time_ns >= begin && time_ns < end; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

class TimeCut {
 public:
  TimeCut(const Recording& recording, const TimeRange& range);

  // What of profile().samples()[index] falls into the range: its weights times the share of its
  // ticks. Nothing where none of its events does.
  std::optional<Profile::Sample> Of(size_t index) const;

 private:
  struct Part {
    int64_t ticks = 0, ticks_inside = 0, events = 0, events_inside = 0;
  };

  const Profile& profile_;
  std::vector<Part> parts_;  // by sample
};

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_TIME_CUT_H_
