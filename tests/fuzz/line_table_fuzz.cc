// Any bytes as a line table. Pitfall 47
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "symbolizer/cpython/line_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int32_t first_line;
  int32_t lasti;
  constexpr size_t kHead = 1 + sizeof(first_line) + sizeof(lasti);
  if (size < kHead) return 0;
  const auto format = static_cast<profd::LineTableFormat>(data[0] % 3);
  memcpy(&first_line, data + 1, sizeof(first_line));
  memcpy(&lasti, data + 1 + sizeof(first_line), sizeof(lasti));
  const absl::string_view table(reinterpret_cast<const char*>(data) + kHead, size - kHead);
  if (profd::LineAt(format, table, first_line, lasti) < 0) abort();
  return 0;
}
