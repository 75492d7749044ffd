// Strings of strangers in JSON.
#ifndef PROFD_USERSPACE_FORMATS_JSON_TEXT_H_
#define PROFD_USERSPACE_FORMATS_JSON_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, very
// long text ends in "…", and what could end a script, a line or a terminal's patience (<, U+2028,
// controls) is escaped: the JSON may stand inside HTML.
void AppendJsonString(absl::string_view text, std::string* out);
std::string JsonString(absl::string_view text);

// Nanoseconds in seconds or milliseconds, exactly and without an exponent: 1234567 → 1.234567.
std::string DecimalSeconds(int64_t ns);
std::string DecimalMilliseconds(int64_t ns);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_JSON_TEXT_H_
