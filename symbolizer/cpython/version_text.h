// The micro version of an interpreter that says it in text only (before 3.11).
#ifndef PROFD_SYMBOLIZER_CPYTHON_VERSION_TEXT_H_
#define PROFD_SYMBOLIZER_CPYTHON_VERSION_TEXT_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace profd {

// Finds PY_VERSION ("3.10.13", "3.7.0rc1", "3.9.2+") among the constants of .rodata. `prefix` is
// what stands before the micro version: "3.10.". Linkers merge strings with equal ends, so the text
// may be the end of a longer one ("/opt/3.10.13"); a string of its own is preferred. Empty: none,
// or several that disagree.
std::optional<int> MicroVersionIn(absl::string_view rodata, absl::string_view prefix);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_VERSION_TEXT_H_
