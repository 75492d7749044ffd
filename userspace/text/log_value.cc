#include "userspace/text/log_value.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 1024;

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("_-+./:,@%~").find(c) != absl::string_view::npos;
}

// Bytes of the well-formed UTF-8 character at the front that may be shown; 0: none is there.
// Unicode 15, table 3-7.
size_t PrintableBytes(absl::string_view text) {
  auto at = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  auto follows = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (ControlBytes(text) > 0) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const bool in_range = (first != 0xe0 || at(1) >= 0xa0) && (first != 0xed || at(1) < 0xa0);
    return follows(1) && follows(2) && in_range ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool in_range = (first != 0xf0 || at(1) >= 0x90) && (first != 0xf4 || at(1) < 0x90);
    return follows(1) && follows(2) && follows(3) && in_range ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string LogValue(absl::string_view text) {
  if (!text.empty() && text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), IsPlain)) {
    return std::string(text);
  }
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    if (out.size() >= kMaxBytes) {
      out += "…";
      break;
    }
    const char c = text[i];
    const size_t printable = PrintableBytes(text.substr(i));
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", text.substr(i, 1));
    } else if (printable > 0) {
      absl::StrAppend(&out, text.substr(i, printable));
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      absl::StrAppend(&out, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
    i += std::max<size_t>(printable, 1);
  }
  return out + "\"";
}

}  // namespace profd
