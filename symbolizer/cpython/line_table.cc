#include "symbolizer/cpython/line_table.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

namespace profd {
namespace {

// Bytes of a table, consumed from the front; a read past the end yields nothing.
class Cursor {
 public:
  Cursor(absl::string_view bytes, size_t position) : bytes_(bytes), position_(position) {}

  bool done() const { return position_ >= bytes_.size(); }
  size_t position() const { return position_; }

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
  size_t position_;
};

int AsLine(int64_t line) {
  return line > 0 && line <= std::numeric_limits<int>::max() ? static_cast<int>(line) : 0;
}

// A table's ranges of instructions, one after the other: each begins where the last one ended.
struct Walk {
  Cursor cursor;
  int64_t end = 0;   // of the range
  int64_t line = 0;  // the running line
};

// Each Next…() goes on to the next range and returns its line, or 0; nullopt: there is none.

// Objects/lnotab_notes.txt (3.6–3.9): pairs of unsigned address and signed line increments; the
// line of the last pair goes on to the end of the code, as in PyCode_Addr2Line.
std::optional<int> NextInLnotab(Walk& walk) {
  constexpr int64_t kEndOfCode = std::numeric_limits<int64_t>::max();
  if (walk.end == kEndOfCode) return std::nullopt;
  const int line = AsLine(walk.line);
  const std::optional<uint8_t> address_delta = walk.cursor.Next();
  const std::optional<uint8_t> line_delta = walk.cursor.Next();
  if (!address_delta || !line_delta) {
    walk.end = kEndOfCode;
    return line;
  }
  walk.end += *address_delta;
  walk.line += static_cast<int8_t>(*line_delta);
  return line;
}

// Objects/lnotab_notes.txt (3.10): pairs of range length in bytes and signed line increment,
// which applies to the range itself; -128 is a range without a line.
std::optional<int> NextInLineTable(Walk& walk) {
  constexpr int8_t kNoLine = -128;
  const std::optional<uint8_t> length = walk.cursor.Next();
  const std::optional<uint8_t> delta_byte = walk.cursor.Next();
  if (!length || !delta_byte) return std::nullopt;
  const int8_t delta = static_cast<int8_t>(*delta_byte);
  if (delta != kNoLine) walk.line += delta;
  walk.end += *length;
  return delta == kNoLine ? 0 : AsLine(walk.line);
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

std::optional<int> NextInLocations(Walk& walk) {
  constexpr int kCodeUnitBytes = 2;
  const std::optional<uint8_t> head = walk.cursor.Next();
  if (!head || !(*head & 0x80)) return std::nullopt;
  const uint8_t kind = (*head >> 3) & 0xf;
  if (kind == kNoColumns || kind == kLong) {
    const std::optional<int64_t> delta = NextSignedVarint(walk.cursor);
    if (!delta) return std::nullopt;
    walk.line += *delta;
  } else if (kind >= kOneLine0 && kind <= kOneLine2) {
    walk.line += kind - kOneLine0;
  }
  walk.end += ((*head & 0x7) + 1) * kCodeUnitBytes;
  walk.cursor.SkipToEntry();
  return kind == kNone ? 0 : AsLine(walk.line);
}

std::optional<int> Next(LineTableFormat format, Walk& walk) {
  switch (format) {
    case LineTableFormat::kLnotab:
      return NextInLnotab(walk);
    case LineTableFormat::kLineTable:
      return NextInLineTable(walk);
    case LineTableFormat::kLocations:
      return NextInLocations(walk);
  }
  return std::nullopt;
}

int LineFrom(LineTableFormat format, Walk walk, int lasti) {
  while (const std::optional<int> line = Next(format, walk)) {
    if (lasti < walk.end) return *line;
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
  return lasti < 0 ? 0 : LineFrom(format, {Cursor(table, 0), 0, first_line}, lasti);
}

LineIndex::LineIndex(LineTableFormat format, absl::string_view table, int first_line)
    : format_(format), first_line_(first_line) {
  if (table.size() <= kStride) return;
  Walk walk = {Cursor(table, 0), 0, first_line};
  for (size_t next = kStride; Next(format, walk) && !walk.cursor.done();) {
    if (walk.cursor.position() < next) continue;
    entries_.push_back({walk.cursor.position(), walk.end, walk.line});
    next = walk.cursor.position() + kStride;
  }
}

int LineIndex::LineAt(absl::string_view table, int lasti) const {
  if (lasti < 0) return 0;
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), lasti,
                       [](int at, const Entry& entry) { return at < entry.address; });
  if (after == entries_.begin()) return profd::LineAt(format_, table, first_line_, lasti);
  const Entry& entry = *std::prev(after);
  return LineFrom(format_, {Cursor(table, entry.position), entry.address, entry.line}, lasti);
}

}  // namespace profd
