// One look at some processes: sampled for a while, then written to one file.
#ifndef PROFD_USERSPACE_RECORD_RECORDER_H_
#define PROFD_USERSPACE_RECORD_RECORDER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "userspace/formats/format.h"

namespace profd {

struct RecordOptions {
  // Exactly one of these says what is recorded.
  std::vector<pid_t> pids;
  std::string comm;  // a regular expression
  bool all_python = false;
  std::vector<std::string> command;

  bool children = false;  // of pids: theirs too; a command's always are
  absl::Duration duration = absl::InfiniteDuration();
  double rate_hz = 99;
  std::string output;  // "": a name is made; "-": standard output
  std::string format;  // "": by the output's extension
  FrameLines lines = FrameLines::kExecuted;
  bool idle = false;         // threads that wait, too: wall time
  bool gil_only = false;     // only threads that hold the GIL
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
