// Whether source text found now can be what ran while a profile was taken.
#ifndef PROFD_USERSPACE_ANALYSIS_SOURCE_FIT_H_
#define PROFD_USERSPACE_ANALYSIS_SOURCE_FIT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "userspace/profile/profile.h"

namespace profd {

// What a profile knows of a source file.
struct SourceUse {
  std::vector<const Function*> functions;  // in it
  int last_line = 0;                       // that ran
};

SourceUse UseOf(const Profile& profile, absl::string_view file);

// Whether `lines` have the function's definition, or a decorator of it, at its first line. False,
// too, where a line cannot tell: "<module>", comprehensions.
bool IsDefinedIn(absl::Span<const absl::string_view> lines, const Function& function);

// Why the lines cannot be what ran: a function that does not begin where the profile says, or a
// line that is not there. Empty when they can be.
std::string SourceMismatch(const SourceUse& use, absl::Span<const absl::string_view> lines);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_SOURCE_FIT_H_
