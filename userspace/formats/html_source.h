// Source text to show beside a profile, read only where it still fits what ran.
#ifndef PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_
#define PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "userspace/profile/profile.h"

namespace profd {

struct SourceText {
  std::string file;   // as the profile names it
  std::string text;   // UTF-8; "" when it has changed since
  bool fits = false;  // every function of the profile in it stands on its first line
};

// Whether `text` has the function's definition (or its decorator) at its first line. True for
// functions without a line of their own, such as "<module>".
bool SourceFits(absl::string_view text, const Function& function);

// The profile's Python files, most-sampled first, up to `max_bytes` of text. Names come from
// targets: a file is taken only when its name ends as Python source and a function of the profile
// is found in it, so that a profile cannot ask for /etc/shadow.
std::vector<SourceText> ReadSources(const Profile& profile, size_t max_bytes = 32 << 20);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_
