// profctl diff as a file to look at: two sides, each added up, in one picture.
#ifndef PROFD_USERSPACE_CLI_DIFF_PICTURE_H_
#define PROFD_USERSPACE_CLI_DIFF_PICTURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "userspace/cli/diff_inputs.h"
#include "userspace/formats/format.h"

namespace profd {

inline constexpr char kDiffFormats[] = "html, svg, collapsed";

// As typed; "" is not given. INVALID_ARGUMENT: no such format, or one that has no differences.
absl::StatusOr<Format> DiffFormat(const std::string& format, const std::string& output);

// 0, or an exit code after a message. An `output` that is "" or "-" is standard output.
int WriteDiffPicture(const DiffFlags& flags, Format format, const std::string& output);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_DIFF_PICTURE_H_
