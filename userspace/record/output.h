// Where a recording goes.
#ifndef PROFD_USERSPACE_RECORD_OUTPUT_H_
#define PROFD_USERSPACE_RECORD_OUTPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "userspace/formats/format.h"
#include "userspace/record/invoking_user.h"

namespace profd {

struct Output {
  std::string path;  // "-": standard output
  bool named_by_us = false;
  Format format = Format::kPprof;
};

// `path` and `format` as typed, both optional. `subject` is what is recorded, for a name of ours:
// profile-4242-20261121T143042.html, in local time. Says now what would fail after the recording:
// a format that does not exist, a directory that cannot be written.
absl::StatusOr<Output> ChooseOutput(const std::string& path, const std::string& format,
                                    absl::string_view subject, absl::Time now);

// Where the recording itself goes, with all its times, when it is too large for the wanted format.
Output AsRecording(const Output& output);

// Whole or not at all, owned by the user; a name of ours never replaces a file. Returns the name.
absl::StatusOr<std::string> WriteOutput(const Output& output, absl::string_view bytes,
                                        const InvokingUser& user);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_OUTPUT_H_
