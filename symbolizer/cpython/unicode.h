// CPython's strings and bytes as they lie in memory.
#ifndef PROFD_SYMBOLIZER_CPYTHON_UNICODE_H_
#define PROFD_SYMBOLIZER_CPYTHON_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpf/events.h"
#include "symbolizer/process/memory.h"

namespace profd {

// Character data of a str as UTF-8: `char_bytes` is 1, 2 or 4 (anything else yields an empty
// string), `ascii` as in the str's state. Surrogates and values above U+10FFFF become U+FFFD;
// bytes after the last whole character are ignored. The result is valid UTF-8 for any input.
std::string DecodeUnicode(absl::string_view raw, int char_bytes, bool ascii);

// A str (or an instance of a subclass) at `address`, as UTF-8; a longer one is cut after
// `max_chars` characters. kInvalidArgument where no str can be, and for the strings before 3.12
// that exist as wchar_t only; otherwise the errors of ProcessMemory::Read.
absl::StatusOr<std::string> ReadUnicode(ProcessMemory& memory, const py_layout& layout,
                                        uint64_t address, size_t max_chars);

// The contents of a bytes object. kResourceExhausted when it has more than `max_bytes`,
// kInvalidArgument where no bytes object can be; otherwise the errors of ProcessMemory::Read.
absl::StatusOr<std::string> ReadBytes(ProcessMemory& memory, const py_layout& layout,
                                      uint64_t address, size_t max_bytes);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_UNICODE_H_
