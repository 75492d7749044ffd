#ifndef PROFD_USERSPACE_CLI_SHARE_FLAG_H_
#define PROFD_USERSPACE_CLI_SHARE_FLAG_H_

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace profd {

// "5%" is 0.05. A bare number could be meant either way and is refused.
inline absl::StatusOr<double> ParseShare(absl::string_view text) {
  absl::string_view number = text;
  double percent;
  if (!absl::ConsumeSuffix(&number, "%") || !absl::SimpleAtod(number, &percent) ||
      !(percent >= 0 && percent <= 1e6)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no share such as 5%"));
  }
  return percent / 100;
}

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_SHARE_FLAG_H_
