// The Firefox Profiler's processed JSON, version 60: a timeline with a track for each thread.
// https://github.com/firefox-devtools/profiler/blob/main/docs-developer/CHANGELOG-formats.md
#ifndef PROFD_USERSPACE_FORMATS_FIREFOX_H_
#define PROFD_USERSPACE_FORMATS_FIREFOX_H_

#include <string>

#include "absl/status/statusor.h"
#include "userspace/formats/format.h"

namespace profd {

// Real times, one sample an event; categories Python, Native, Kernel, Waiting. INVALID_ARGUMENT:
// the recording has no times. RESOURCE_EXHAUSTED: more than a browser could open.
absl::StatusOr<std::string> EncodeFirefox(const Recording& recording,
                                          const FormatOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_FIREFOX_H_
