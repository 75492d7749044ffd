#include "userspace/profile/utf8.h"

#include <cstdint>
#include <cstring>

namespace profd {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";

// Bytes of the well-formed character at the front; 0: none is there.
size_t CharacterBytes(absl::string_view text) {
  const auto byte = [text](size_t i) -> uint8_t {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : 0;
  };
  const auto continues = [&byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead < 0xC2 || !continues(1)) return 0;
  if (lead < 0xE0) return 2;
  if (!continues(2)) return 0;
  if (lead < 0xF0) {
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
    if (lead == 0xED && byte(1) >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (lead > 0xF4 || !continues(3)) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // past U+10FFFF
  return 4;
}

size_t AsciiPrefix(absl::string_view text) {
  size_t i = 0;
  for (uint64_t word; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (word & 0x8080808080808080u) break;
  }
  while (i < text.size() && static_cast<uint8_t>(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  for (text.remove_prefix(AsciiPrefix(text)); !text.empty();) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string ToUtf8(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes && IsUtf8(text)) return std::string(text);
  std::string out;
  size_t cut = 0;  // where an ellipsis would still fit
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    const absl::string_view character = bytes == 0 ? kReplacement : text.substr(0, bytes);
    if (out.size() + character.size() > max_bytes) {
      out.resize(cut);
      out.append(kEllipsis.data(), kEllipsis.size());
      return out;
    }
    out.append(character.data(), character.size());
    if (out.size() + kEllipsis.size() <= max_bytes) cut = out.size();
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out;
}

}  // namespace profd
