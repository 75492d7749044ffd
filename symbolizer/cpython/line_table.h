// Source lines of bytecode offsets.
#ifndef PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_
#define PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace profd {

enum class LineTableFormat : uint8_t {
  kLnotab,     // <= 3.9: co_lnotab
  kLineTable,  // 3.10: PEP 626 co_linetable
  kLocations,  // 3.11+: location table
};
LineTableFormat LineTableFormatFor(uint32_t version_hex);

// The line of the instruction at `lasti` (a byte offset into the bytecode), or 0 when the table
// gives it no line, ends before it, or `lasti` is negative. Agrees with co_lines(), where that says
// None, 0; before 3.10 with PyCode_Addr2Line, whose last line has no end.
// Reads nothing outside `table`; any bytes are safe input; linear in the table's length.
int LineAt(LineTableFormat format, absl::string_view table, int first_line, int lasti);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_
