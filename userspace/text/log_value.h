#ifndef PROFD_USERSPACE_TEXT_LOG_VALUE_H_
#define PROFD_USERSPACE_TEXT_LOG_VALUE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// The value of a key=value line (logfmt): bare when it is one plain word, else in double quotes.
// Names come from strangers, so nothing in it can end the value, begin a line or drive a terminal:
// what ControlBytes knows and bytes that are not UTF-8 become \n, \t or \xNN. Past 1,024 bytes the
// text is cut and ends in "…".
std::string LogValue(absl::string_view text);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_LOG_VALUE_H_
