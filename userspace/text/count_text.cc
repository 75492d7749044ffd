#include "userspace/text/count_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace profd {

std::string CountText(int64_t count) {
  std::string text = absl::StrCat(count);
  const size_t first_digit = count < 0 ? 1 : 0;
  for (size_t at = text.size(); at > first_digit + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string CountText(int64_t count, absl::string_view what) {
  const absl::string_view plural = absl::EndsWith(what, "s") ? "es" : "s";
  return absl::StrCat(CountText(count), " ", what, count == 1 ? "" : plural);
}

}  // namespace profd
