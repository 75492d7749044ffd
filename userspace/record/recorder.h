// One look at some processes: sampled for a while, then written to one file.
#ifndef PROFD_USERSPACE_RECORD_RECORDER_H_
#define PROFD_USERSPACE_RECORD_RECORDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "userspace/formats/format.h"
#include "userspace/record/targets.h"

namespace profd {

struct RecordOptions {
  SamplingOptions sampling;
  absl::Duration duration = absl::InfiniteDuration();
  std::string output;  // "": a name is made; "-": standard output
  std::string format;  // "": by the output's extension
  FrameLines lines = FrameLines::kExecuted;
  bool with_source = false;  // html: source text too
  bool threads = false;      // thread names as outermost frames, where a format has no other place
  bool quiet = false;        // neither progress nor summary
};

struct RecordResult {
  absl::Status status;  // messages are for users
  int exit_code = 0;
};

// Records until the duration is over, SIGINT, SIGTERM or SIGHUP come, or what was asked for has
// ended; then writes. Call it before any other thread exists. The exit code is the command's own,
// where there is one.
RecordResult Record(const RecordOptions& options);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_RECORDER_H_
