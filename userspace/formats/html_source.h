// Source text to show beside a profile, read only where it still fits what ran.
#ifndef PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_
#define PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_

#include <string>
#include <vector>

#include "userspace/profile/profile.h"

namespace profd {

struct SourceText {
  std::string file;   // as the profile names it
  std::string text;   // UTF-8; "" when it has changed since
  bool fits = false;  // it can be what ran, see source_fit.h
};

// The profile's Python files, most-sampled first, up to `max_bytes` of text. Names come from
// targets: a file is taken only when its name ends as Python source and a function of the profile
// is found in it, so that a profile cannot ask for /etc/shadow.
std::vector<SourceText> ReadSources(const Profile& profile, size_t max_bytes = 32 << 20);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_HTML_SOURCE_H_
