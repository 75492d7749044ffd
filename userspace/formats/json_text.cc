#include "userspace/formats/json_text.h"

#include "absl/strings/str_cat.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 8192;
constexpr char kHex[] = "0123456789abcdef";

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
    const auto byte = static_cast<unsigned char>(clean[i]);
    if (byte == '"' || byte == '\\') {
      *out += {'\\', clean[i]};
    } else if (byte < 0x20 || byte == 0x7f || byte == '<' || byte == '>' || byte == '&') {
      absl::StrAppend(out, "\\u00", std::string{kHex[byte >> 4], kHex[byte & 15]});
    } else if (byte == 0xe2 && clean.compare(i, 2, "\xe2\x80") == 0 &&
               (clean[i + 2] == '\xa8' || clean[i + 2] == '\xa9')) {
      absl::StrAppend(out, clean[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
    } else {
      out->push_back(clean[i]);
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
