// Text for formats that admit only UTF-8 (protobuf's `string`).
#ifndef PROFD_USERSPACE_PROFILE_UTF8_H_
#define PROFD_USERSPACE_PROFILE_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Well-formed by Unicode's table 3-7: no surrogates, no overlong forms.
bool IsUtf8(absl::string_view text);

// Each byte that is part of no character becomes U+FFFD; past max_bytes the text ends in "…"
// (which is then within max_bytes). max_bytes is at least 3.
std::string ToUtf8(absl::string_view text, size_t max_bytes);

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_UTF8_H_
