#include "userspace/text/log_value.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/text/utf8.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 1024;

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("_-+./:,@%~").find(c) != absl::string_view::npos;
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
    const absl::string_view rest = text.substr(i);
    const size_t printable = ControlBytes(rest) > 0 ? 0 : FirstCharacter(rest).bytes;
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
