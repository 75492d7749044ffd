// Collapsed stacks, as flamegraph.pl, speedscope and py-spy have them: a line for each stack,
// frames from the root on, and its weight.
//
//   process 4242:"gunicorn";<module> (app.py:3);work (app.py:17);read_[k] 12
//
// A frame is "name (file:line)"; kernel functions end in "_[k]", as flamegraph.pl marks them;
// native functions have their object file and no line. The format has no escapes: a semicolon, a
// backslash and the bytes of control characters inside a frame are written \xNN, which reading
// turns back.
#ifndef PROFD_USERSPACE_FORMATS_COLLAPSED_H_
#define PROFD_USERSPACE_FORMATS_COLLAPSED_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "userspace/formats/format.h"
#include "userspace/profile/profile.h"

namespace profd {

// Lines in the order of their bytes, each stack once; UTF-8. The weight is in periods.
std::string EncodeCollapsed(const Profile& profile, const FormatOptions& options = {});

// Of two profiles, as difffolded.pl writes them and flamegraph.pl draws them: two weights a line,
// `before`'s first. Lines are shown only on request, since a changed file has others.
std::string EncodeDiffCollapsed(const Profile& before, const Profile& after,
                                const FormatOptions& options = {});

// Collapsed stacks say how often, not how long. Until told otherwise: py-spy's 100 a second.
inline constexpr int64_t kCollapsedPeriodNs = 10'000'000;

// Any writer's. Processes and threads that stand as frames of the above form become labels. A
// comment of the profile says that the period is assumed. INVALID_ARGUMENT names the line, or says
// that the file is of EncodeDiffCollapsed and its like.
absl::StatusOr<Profile> DecodeCollapsed(absl::string_view text, const Profile::Limits& limits = {});

// Whether the first line that is not empty is one of a collapsed file.
bool LooksLikeCollapsed(absl::string_view text);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_COLLAPSED_H_
