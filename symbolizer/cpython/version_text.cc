#include "symbolizer/cpython/version_text.h"

#include <cstddef>

#include "absl/strings/ascii.h"

namespace profd {
namespace {

constexpr size_t kMaxMicroDigits = 2;
constexpr size_t kMaxSuffix = 8;

// One value, none, or several that disagree.
class Consensus {
 public:
  void Add(int value) {
    if (count_++ == 0) {
      value_ = value;
    } else if (value != value_) {
      disagree_ = true;
    }
  }
  bool empty() const { return count_ == 0; }
  std::optional<int> value() const {
    return empty() || disagree_ ? std::nullopt : std::optional<int>(value_);
  }

 private:
  int value_ = 0;
  size_t count_ = 0;
  bool disagree_ = false;
};

// "13\0", "0rc1\0", "2+\0" at the start of `text`.
std::optional<int> ParseMicro(absl::string_view text) {
  size_t at = 0;
  int micro = 0;
  for (; at < text.size() && at < kMaxMicroDigits && absl::ascii_isdigit(text[at]); ++at) {
    micro = micro * 10 + (text[at] - '0');
  }
  if (at == 0) return std::nullopt;
  const size_t digits = at;
  while (at < text.size() && at < digits + kMaxSuffix &&
         (absl::ascii_isalnum(text[at]) || text[at] == '+')) {
    ++at;
  }
  if (at >= text.size() || text[at] != '\0') return std::nullopt;
  return micro;
}

}  // namespace

std::optional<int> MicroVersionIn(absl::string_view rodata, absl::string_view prefix) {
  Consensus alone, merged;
  for (size_t at = rodata.find(prefix); at != absl::string_view::npos;
       at = rodata.find(prefix, at + 1)) {
    const char before = at == 0 ? '\0' : rodata[at - 1];
    if (absl::ascii_isdigit(before) || before == '.') continue;
    const std::optional<int> micro = ParseMicro(rodata.substr(at + prefix.size()));
    if (!micro) continue;
    (before == '\0' ? alone : merged).Add(*micro);
  }
  return alone.empty() ? merged.value() : alone.value();
}

}  // namespace profd
