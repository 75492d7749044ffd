// Source lines of bytecode offsets.
#ifndef PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_
#define PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

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

// The same for tables of megabytes: a look-up reads about kStride bytes.
class LineIndex {
 public:
  static constexpr size_t kStride = 4096;

  LineIndex() : LineIndex(LineTableFormat::kLocations, "", 0) {}
  LineIndex(LineTableFormat format, absl::string_view table, int first_line);
  // `table` is that of the constructor.
  int LineAt(absl::string_view table, int lasti) const;
  size_t bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  // Where reading can begin, and what is known there.
  struct Entry {
    size_t position;
    int64_t address;
    int64_t line;
  };

  LineTableFormat format_;
  int first_line_;
  std::vector<Entry> entries_;  // by address
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_LINE_TABLE_H_
