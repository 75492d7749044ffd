// Proves the layout of strings on one that every interpreter's file contains.
#ifndef PROFD_SYMBOLIZER_CPYTHON_STRING_PROBE_H_
#define PROFD_SYMBOLIZER_CPYTHON_STRING_PROBE_H_

#include <cstddef>

#include "absl/types/span.h"
#include "bpf/events.h"

namespace profd {

enum class StringProbe {
  kProven,
  kRefuted,  // the text is there, and what stands before it is not what the layout expects
  kNotFound,
};

// `runtime`: the contents of _PyRuntime in the file, whose statically allocated strings (3.12+,
// Include/internal/pycore_global_strings.h) contain "__annotations__".
StringProbe ProbeStaticString(absl::Span<const std::byte> runtime, const py_layout& layout);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_STRING_PROBE_H_
