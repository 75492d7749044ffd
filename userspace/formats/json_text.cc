#include "userspace/formats/json_text.h"

#include "absl/strings/str_cat.h"
#include "symbolizer/text/utf8.h"
#include "userspace/profile/utf8.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 8192;

std::string Decimal(int64_t value, int digits) {
  const bool negative = value < 0;
  // Not of the signed value: the most negative one has no opposite.
  uint64_t rest = negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  std::string fraction;
  for (int i = 0; i < digits; ++i, rest /= 10) {
    const auto digit = static_cast<char>('0' + rest % 10);
    if (!fraction.empty() || digit != '0') fraction.insert(fraction.begin(), digit);
  }
  return absl::StrCat(negative ? "-" : "", rest, fraction.empty() ? "" : ".", fraction);
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  const std::string clean = ToUtf8(text, kMaxBytes);
  out->push_back('"');
  for (size_t i = 0; i < clean.size(); ++i) {
    const char byte = clean[i];
    const absl::string_view rest = absl::string_view(clean).substr(i);
    if (byte == '"' || byte == '\\') {
      *out += {'\\', byte};
    } else if (byte == '<' || byte == '>' || byte == '&' || ControlBytes(rest) > 0) {
      const Utf8Character character = FirstCharacter(rest);
      absl::StrAppend(out, "\\u", absl::Hex(uint32_t{character.code}, absl::kZeroPad4));
      i += character.bytes - 1;
    } else {
      out->push_back(byte);
    }
  }
  out->push_back('"');
}

std::string JsonString(absl::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

std::string DecimalSeconds(int64_t ns) { return Decimal(ns, 9); }
std::string DecimalMilliseconds(int64_t ns) { return Decimal(ns, 6); }

}  // namespace profd
