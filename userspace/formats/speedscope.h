// speedscope's own JSON. https://www.speedscope.app/file-format-schema.json
#ifndef PROFD_USERSPACE_FORMATS_SPEEDSCOPE_H_
#define PROFD_USERSPACE_FORMATS_SPEEDSCOPE_H_

#include <string>

#include "absl/status/statusor.h"
#include "userspace/formats/format.h"

namespace profd {

// A profile for each thread, its samples in the order of time and what lies between them left
// out; without times one profile of everything. Weights are seconds, or counts where neither time
// nor period is known. RESOURCE_EXHAUSTED: more than speedscope could open.
absl::StatusOr<std::string> EncodeSpeedscope(const Recording& recording,
                                             const FormatOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_SPEEDSCOPE_H_
