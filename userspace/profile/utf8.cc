#include "userspace/profile/utf8.h"

#include <cstdint>
#include <cstring>

#include "symbolizer/text/utf8.h"

namespace profd {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";

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
    const size_t bytes = FirstCharacter(text).bytes;
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
    const size_t bytes = FirstCharacter(text).bytes;
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

const std::string& Utf8Texts::Of(absl::string_view text) {
  constexpr size_t kShort = 64;
  if (text.size() <= kShort) return short_ = ToUtf8(text, max_bytes_);
  const auto [entry, is_new] = long_.try_emplace({text.data(), text.size()});
  if (is_new) entry->second = ToUtf8(text, max_bytes_);
  return entry->second;
}

}  // namespace profd
