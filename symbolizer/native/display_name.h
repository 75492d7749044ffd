// Names of symbols as people read them. The input comes from strangers' files.
#ifndef PROFD_SYMBOLIZER_NATIVE_DISPLAY_NAME_H_
#define PROFD_SYMBOLIZER_NATIVE_DISPLAY_NAME_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

inline constexpr size_t kMaxDisplayNameBytes = 256;

// Ends the name of a stub that jumps to the function, as debuggers write it.
inline constexpr absl::string_view kPltSuffix = "@plt";

// Without its clone suffix; demangled C++ and (legacy-mangled) Rust, else the symbol itself,
// kPltSuffix kept; printable UTF-8 of at most kMaxDisplayNameBytes, "…" at the end when it was cut.
std::string DisplayName(absl::string_view symbol);

// Valid UTF-8 of at most `max_bytes`: bytes that are not, and control characters, become '?'.
std::string PrintableUtf8(absl::string_view text, size_t max_bytes);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_DISPLAY_NAME_H_
