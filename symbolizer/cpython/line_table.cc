#include "symbolizer/cpython/line_table.h"

#include <cstddef>
#include <limits>
#include <optional>

namespace profd {
namespace {

// Bytes of a table, consumed from the front; a read past the end yields nothing.
class Cursor {
 public:
  explicit Cursor(absl::string_view bytes) : bytes_(bytes) {}

  bool done() const { return position_ >= bytes_.size(); }

  std::optional<uint8_t> Next() {
    if (done()) return std::nullopt;
    return static_cast<uint8_t>(bytes_[position_++]);
  }

  // 6 bits a byte, least significant first, bit 6 says that another follows. A 32-bit value needs
  // six bytes; a seventh is a torn table.
  std::optional<uint32_t> NextVarint() {
    constexpr int kMaxBytes = 6;
    uint64_t value = 0;
    for (int i = 0; i < kMaxBytes; ++i) {
      const std::optional<uint8_t> byte = Next();
      if (!byte) return std::nullopt;
      value |= uint64_t{*byte & 0x3fu} << (6 * i);
      if (!(*byte & 0x40)) {
        if (value > std::numeric_limits<uint32_t>::max()) return std::nullopt;
        return static_cast<uint32_t>(value);
      }
    }
    return std::nullopt;
  }

  // To the next byte with the high bit set: only the first byte of a location entry has it.
  void SkipToEntry() {
    while (!done() && !(static_cast<uint8_t>(bytes_[position_]) & 0x80)) ++position_;
  }

 private:
  absl::string_view bytes_;
  size_t position_ = 0;
};

int AsLine(int64_t line) {
  return line > 0 && line <= std::numeric_limits<int>::max() ? static_cast<int>(line) : 0;
}

// Objects/lnotab_notes.txt (3.6–3.9): pairs of unsigned address and signed line increments; the
// line of the last pair goes on to the end of the code, as in PyCode_Addr2Line.
int LineInLnotab(absl::string_view table, int first_line, int lasti) {
  Cursor cursor(table);
  int64_t address = 0;
  int64_t line = first_line;
  for (;;) {
    const std::optional<uint8_t> address_delta = cursor.Next();
    const std::optional<uint8_t> line_delta = cursor.Next();
    if (!address_delta || !line_delta) break;
    address += *address_delta;
    if (address > lasti) break;
    line += static_cast<int8_t>(*line_delta);
  }
  return AsLine(line);
}

// Objects/lnotab_notes.txt (3.10): pairs of range length in bytes and signed line increment,
// which applies to the range itself; -128 is a range without a line.
int LineInLineTable(absl::string_view table, int first_line, int lasti) {
  constexpr int8_t kNoLine = -128;
  Cursor cursor(table);
  int64_t end = 0;
  int64_t line = first_line;
  for (;;) {
    const std::optional<uint8_t> length = cursor.Next();
    const std::optional<uint8_t> delta_byte = cursor.Next();
    if (!length || !delta_byte) return 0;
    const int8_t delta = static_cast<int8_t>(*delta_byte);
    if (delta != kNoLine) line += delta;
    end += *length;
    if (lasti < end) return delta == kNoLine ? 0 : AsLine(line);
  }
}

// Objects/locations.md (3.11+): the kinds of an entry. 0–9 are short forms on the running line,
// 10–12 add 0–2 lines.
enum LocationKind : uint8_t {
  kOneLine0 = 10,
  kOneLine2 = 12,
  kNoColumns = 13,
  kLong = 14,
  kNone = 15,
};

// The first varint of kinds 13 and 14: the sign is in the lowest bit.
std::optional<int64_t> NextSignedVarint(Cursor& cursor) {
  const std::optional<uint32_t> value = cursor.NextVarint();
  if (!value) return std::nullopt;
  const int64_t magnitude = *value >> 1;
  return *value & 1 ? -magnitude : magnitude;
}

int LineInLocations(absl::string_view table, int first_line, int lasti) {
  constexpr int kCodeUnitBytes = 2;
  Cursor cursor(table);
  int64_t end = 0;
  int64_t line = first_line;
  while (const std::optional<uint8_t> head = cursor.Next()) {
    if (!(*head & 0x80)) return 0;
    const uint8_t kind = (*head >> 3) & 0xf;
    if (kind == kNoColumns || kind == kLong) {
      const std::optional<int64_t> delta = NextSignedVarint(cursor);
      if (!delta) return 0;
      line += *delta;
    } else if (kind >= kOneLine0 && kind <= kOneLine2) {
      line += kind - kOneLine0;
    }
    end += ((*head & 0x7) + 1) * kCodeUnitBytes;
    if (lasti < end) return kind == kNone ? 0 : AsLine(line);
    cursor.SkipToEntry();
  }
  return 0;
}

}  // namespace

LineTableFormat LineTableFormatFor(uint32_t version_hex) {
  const uint32_t major_minor = version_hex >> 16;
  if (major_minor >= 0x030B) return LineTableFormat::kLocations;
  if (major_minor == 0x030A) return LineTableFormat::kLineTable;
  return LineTableFormat::kLnotab;
}

int LineAt(LineTableFormat format, absl::string_view table, int first_line, int lasti) {
  if (lasti < 0) return 0;
  switch (format) {
    case LineTableFormat::kLnotab:
      return LineInLnotab(table, first_line, lasti);
    case LineTableFormat::kLineTable:
      return LineInLineTable(table, first_line, lasti);
    case LineTableFormat::kLocations:
      return LineInLocations(table, first_line, lasti);
  }
  return 0;
}

}  // namespace profd
