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

// The symbol without what a compiler appends to a clone of a function: ".isra.0", ".part.1",
// ".constprop.0", ".cold", ".lto_priv.0". Readers look for the function, and pprof would show "0".
absl::string_view WithoutCloneSuffix(absl::string_view symbol);

// Demangled C++ and (legacy-mangled) Rust, else the symbol itself, kPltSuffix kept; printable UTF-8
// of at most kMaxDisplayNameBytes, "…" at the end when it was cut.
std::string DisplayName(absl::string_view symbol);

// Valid UTF-8 of at most `max_bytes`: bytes that are not, and control characters, become '?'.
std::string PrintableUtf8(absl::string_view text, size_t max_bytes);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_DISPLAY_NAME_H_
