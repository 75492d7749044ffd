// Quantities as people type them. kInvalidArgument says what was typed and shows what is right.
#ifndef PROFD_USERSPACE_TEXT_QUANTITIES_H_
#define PROFD_USERSPACE_TEXT_QUANTITIES_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace profd {

// "10s", "1m30s", "500ms"; a bare number is seconds.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);
// "99", "99hz", "1khz"; 1 Hz to 20 kHz.
absl::StatusOr<double> ParseRate(absl::string_view text);
// Between two samples at this rate, in ns.
uint64_t PeriodNs(double rate_hz);
// "64MiB", "2GiB", "500MB"; a bare number is bytes.
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);
// "12" or "12,13"; hexadecimal as 0xc.
absl::StatusOr<std::vector<pid_t>> ParsePids(absl::string_view text);

// kInvalidArgument: `text` is not a `what`.
absl::Status NotA(absl::string_view what, absl::string_view text, absl::string_view example);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_QUANTITIES_H_
