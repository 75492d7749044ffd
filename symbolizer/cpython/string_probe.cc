#include "symbolizer/cpython/string_probe.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace profd {
namespace {

constexpr absl::string_view kText("__annotations__\0", 16);  // with its NUL

template <typename T>
T ReadAt(absl::string_view memory, size_t position) {
  T value;
  std::memcpy(&value, memory.data() + position, sizeof(value));
  return value;
}

}  // namespace

StringProbe ProbeStaticString(absl::Span<const std::byte> runtime, const py_layout& layout) {
  const absl::string_view memory(reinterpret_cast<const char*>(runtime.data()), runtime.size());
  const size_t header = layout.offset[PY_UNICODE_ASCII_DATA];
  if (layout.offset[PY_UNICODE_LENGTH] + sizeof(uint64_t) > header ||
      layout.offset[PY_UNICODE_STATE] + sizeof(uint32_t) > header) {
    return StringProbe::kRefuted;
  }
  StringProbe result = StringProbe::kNotFound;
  for (size_t at = memory.find(kText); at != absl::string_view::npos;
       at = memory.find(kText, at + 1)) {
    if (at < header) continue;
    const size_t object = at - header;
    const auto length = ReadAt<uint64_t>(memory, object + layout.offset[PY_UNICODE_LENGTH]);
    const auto state = ReadAt<uint32_t>(memory, object + layout.offset[PY_UNICODE_STATE]);
    if (length == kText.size() - 1 && (state >> layout.unicode_kind_shift & 7) == 1 &&
        (state >> layout.unicode_compact_shift & 1) == 1 &&
        (state >> layout.unicode_ascii_shift & 1) == 1) {
      return StringProbe::kProven;
    }
    result = StringProbe::kRefuted;
  }
  return result;
}

}  // namespace profd
