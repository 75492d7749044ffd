// A recording as one HTML file: opens by double click, loads nothing from anywhere, and holds the
// profile itself, to save as pprof.
#ifndef PROFD_USERSPACE_FORMATS_HTML_H_
#define PROFD_USERSPACE_FORMATS_HTML_H_

#include <string>

#include "absl/status/statusor.h"
#include "userspace/profile/recording.h"

namespace profd {

struct HtmlOptions {
  std::string title;    // what was profiled; "" for the names of the busiest processes
  std::string command;  // the command of ours that made it, never the target's arguments
  std::string a_name;   // of the two sides of a difference, such as their files' names
  std::string b_name;
  // Embeds the text of the source files that can be read here and still fit the profile. Only
  // .py, .pyi, .pyx and .pxd files in which a function of the profile stands on its line.
  bool with_source = false;
};

// `b` is the other side of a difference, or null. Names may hold any bytes. Fails with
// RESOURCE_EXHAUSTED when a profile does not fit its pprof file.
absl::StatusOr<std::string> EncodeHtml(const Recording& a, const Recording* b,
                                       const HtmlOptions& options);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_HTML_H_
