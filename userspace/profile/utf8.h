// Text for formats that admit only UTF-8 (protobuf's `string`).
#ifndef PROFD_USERSPACE_PROFILE_UTF8_H_
#define PROFD_USERSPACE_PROFILE_UTF8_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace profd {

// Well-formed by Unicode's table 3-7: no surrogates, no overlong forms.
bool IsUtf8(absl::string_view text);

// Each byte that is part of no character becomes U+FFFD; past max_bytes the text ends in "…"
// (which is then within max_bytes). max_bytes is at least 3.
std::string ToUtf8(absl::string_view text, size_t max_bytes);

// Texts that are asked for again and again: each is made UTF-8 once. They stand in one buffer,
// which outlives this: equal text elsewhere is another one.
class Utf8Texts {
 public:
  explicit Utf8Texts(size_t max_bytes) : max_bytes_(max_bytes) {}
  // Valid until the next call.
  const std::string& Of(absl::string_view text);

 private:
  const size_t max_bytes_;
  absl::flat_hash_map<std::pair<const char*, size_t>, std::string> long_;
  std::string short_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_UTF8_H_
