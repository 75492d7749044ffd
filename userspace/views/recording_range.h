// Recordings added up with their times, and the part of one between two times.
#ifndef PROFD_USERSPACE_VIEWS_RECORDING_RANGE_H_
#define PROFD_USERSPACE_VIEWS_RECORDING_RANGE_H_

#include <vector>

#include "userspace/analysis/profile_sum.h"
#include "userspace/analysis/time_cut.h"
#include "userspace/profile/recording.h"

namespace profd {

class RecordingSum {
 public:
  // A recording without times counts as if all of it fell to the start of its window.
  void Add(const Recording& recording);
  // The events are in the order of time.
  Recording Finish() &&;

 private:
  ProfileSum sum_;
  std::vector<Recording::Event> events_;
};

// From the first event to behind the last; empty without events.
TimeRange ExtentOfEvents(const Recording& recording);
// What of it falls into `range`, see TimeCut.
Profile WithinRange(const Recording& recording, const TimeRange& range);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_RECORDING_RANGE_H_
