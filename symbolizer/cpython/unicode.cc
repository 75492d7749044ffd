#include "symbolizer/cpython/unicode.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/partial_read.h"
#include "symbolizer/text/utf8.h"

namespace profd {
namespace {

template <typename Char>
std::string Decode(absl::string_view raw) {
  const size_t count = raw.size() / sizeof(Char);
  std::string out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Char c;
    memcpy(&c, raw.data() + i * sizeof(Char), sizeof(Char));
    AppendUtf8(c, &out);
  }
  return out;
}

bool IsAscii(absl::string_view raw) {
  return std::all_of(raw.begin(), raw.end(), [](char c) { return (c & 0x80) == 0; });
}

// What the head of a str says of its character data.
struct CharacterData {
  uint64_t length = 0;
  uint64_t offset = 0;  // of the characters or of the pointer to them, from the object's address
  int char_bytes = 0;
  bool ascii = false;
  bool compact = false;
};

// unicodeobject.h: enum PyUnicode_Kind equals the bytes a character takes; 0 is the wchar_t form.
absl::StatusOr<CharacterData> ParseHead(const py_layout& layout, absl::string_view head) {
  int64_t length;
  uint32_t state;
  memcpy(&length, head.data() + layout.offset[PY_UNICODE_LENGTH], sizeof(length));
  memcpy(&state, head.data() + layout.offset[PY_UNICODE_STATE], sizeof(state));
  CharacterData data;
  data.char_bytes = static_cast<int>(state >> layout.unicode_kind_shift & 7);
  data.compact = state >> layout.unicode_compact_shift & 1;
  data.ascii = state >> layout.unicode_ascii_shift & 1;
  if (length < 0 || (data.char_bytes != 1 && data.char_bytes != 2 && data.char_bytes != 4) ||
      (data.ascii && data.char_bytes != 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a str: length ", length, ", kind ", data.char_bytes));
  }
  data.length = static_cast<uint64_t>(length);
  // The pointer of a str that is not compact stands where a compact one's characters begin: both
  // follow PyCompactUnicodeObject. 3.12+ still has it in instances of subclasses.
  data.offset =
      layout.offset[data.ascii && data.compact ? PY_UNICODE_ASCII_DATA : PY_UNICODE_COMPACT_DATA];
  return data;
}

bool CanReadStr(const py_layout& layout) {
  constexpr uint32_t kMaxHeadBytes = 128;
  const uint32_t data = layout.offset[PY_UNICODE_ASCII_DATA];
  return Has(layout, PY_UNICODE_LENGTH) && Has(layout, PY_UNICODE_STATE) &&
         Has(layout, PY_UNICODE_ASCII_DATA) && Has(layout, PY_UNICODE_COMPACT_DATA) &&
         data <= kMaxHeadBytes && layout.offset[PY_UNICODE_LENGTH] + sizeof(uint64_t) <= data &&
         layout.offset[PY_UNICODE_STATE] + sizeof(uint32_t) <= data;
}

absl::StatusOr<std::string> ReadRaw(ProcessMemory& memory, uint64_t address, size_t bytes) {
  std::string raw(bytes, '\0');
  const absl::Status read =
      memory.Read(address, absl::MakeSpan(reinterpret_cast<std::byte*>(raw.data()), bytes));
  if (!read.ok()) return read;
  return raw;
}

}  // namespace

std::string DecodeUnicode(absl::string_view raw, int char_bytes, bool ascii) {
  switch (char_bytes) {
    case 1:
      // Not trusted: a forged state may call any bytes ASCII.
      if (ascii && IsAscii(raw)) return std::string(raw);
      return Decode<uint8_t>(raw);
    case 2:
      return Decode<uint16_t>(raw);
    case 4:
      return Decode<uint32_t>(raw);
    default:
      return {};
  }
}

absl::StatusOr<std::string> ReadUnicode(ProcessMemory& memory, const py_layout& layout,
                                        uint64_t address, size_t max_chars) {
  if (!CanReadStr(layout)) return absl::InvalidArgumentError("the layout does not tell of str");
  // One read for head and characters: most names end within this many bytes.
  std::array<char, 192> buffer;
  const absl::StatusOr<absl::string_view> head =
      ReadAtLeast(memory, address, layout.offset[PY_UNICODE_ASCII_DATA], absl::MakeSpan(buffer));
  if (!head.ok()) return head.status();
  const absl::StatusOr<CharacterData> data = ParseHead(layout, *head);
  if (!data.ok()) return data.status();

  const size_t raw_bytes = std::min<uint64_t>(data->length, max_chars) * data->char_bytes;
  uint64_t characters = address + data->offset;
  if (!data->compact) {
    const absl::StatusOr<uint64_t> pointer = memory.Get<uint64_t>(characters);
    if (!pointer.ok()) return pointer.status();
    characters = *pointer;
  } else if (data->offset + raw_bytes <= head->size()) {
    return DecodeUnicode(head->substr(data->offset, raw_bytes), data->char_bytes, data->ascii);
  }
  const absl::StatusOr<std::string> raw = ReadRaw(memory, characters, raw_bytes);
  if (!raw.ok()) return raw.status();
  return DecodeUnicode(*raw, data->char_bytes, data->ascii);
}

absl::StatusOr<std::string> ReadBytes(ProcessMemory& memory, const py_layout& layout,
                                      uint64_t address, size_t max_bytes) {
  if (!Has(layout, PY_BYTES_SIZE) || !Has(layout, PY_BYTES_DATA)) {
    return absl::InvalidArgumentError("the layout does not tell of bytes");
  }
  const absl::StatusOr<int64_t> size = memory.Get<int64_t>(address + layout.offset[PY_BYTES_SIZE]);
  if (!size.ok()) return size.status();
  if (*size < 0) return absl::InvalidArgumentError(absl::StrCat("not bytes: size ", *size));
  if (static_cast<uint64_t>(*size) > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("bytes object of ", *size, " bytes"));
  }
  return ReadRaw(memory, address + layout.offset[PY_BYTES_DATA], static_cast<size_t>(*size));
}

}  // namespace profd
