#include "userspace/text/printable.h"

#include <algorithm>

namespace profd {

size_t ControlBytes(absl::string_view text) {
  const auto at = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned first = at(0), second = at(1), third = at(2);
  if (!text.empty() && (first < 0x20 || first == 0x7f)) return 1;
  if (first == 0xc2 && second >= 0x80 && second < 0xa0) return 2;  // C1
  if (first == 0xd8 && second == 0x9c) return 2;                   // U+061C
  if (first != 0xe2) return 0;
  const bool turns = (second == 0x80 && (third == 0x8e || third == 0x8f)) ||  // U+200E, U+200F
                     (second == 0x80 && third >= 0xa8 && third <= 0xae) ||    // U+2028 … U+202E
                     (second == 0x81 && third >= 0xa6 && third <= 0xa9);      // U+2066 … U+2069
  return turns ? 3 : 0;
}

std::string Printable(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t control = ControlBytes(text);
    out.push_back(control > 0 ? '?' : text[0]);
    text.remove_prefix(std::max<size_t>(control, 1));
  }
  return out;
}

}  // namespace profd
