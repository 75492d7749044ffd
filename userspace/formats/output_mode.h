#ifndef PROFD_USERSPACE_FORMATS_OUTPUT_MODE_H_
#define PROFD_USERSPACE_FORMATS_OUTPUT_MODE_H_

#include <sys/types.h>

namespace profd {

// Of files that a person asks for, less the umask; the agent's own have AtomicFileOptions' mode.
inline constexpr mode_t kOutputMode = 0666;

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_OUTPUT_MODE_H_
