// What compilers append to the symbols of functions that they copied or split.
#ifndef PROFD_SYMBOLIZER_TEXT_CLONE_SUFFIX_H_
#define PROFD_SYMBOLIZER_TEXT_CLONE_SUFFIX_H_

#include "absl/strings/string_view.h"

namespace profd {

// The name without ".isra.0", ".part.1", ".constprop.0", ".cold", ".lto_priv.0", ".llvm.123", or
// several of them. Readers look for the function, and pprof would show "0".
absl::string_view WithoutCloneSuffix(absl::string_view name);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_TEXT_CLONE_SUFFIX_H_
