#ifndef PROFD_USERSPACE_TEXT_COUNT_TEXT_H_
#define PROFD_USERSPACE_TEXT_COUNT_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// "12,345"
std::string CountText(int64_t count);
// "1 file", "12,345 files", "2 processes"
std::string CountText(int64_t count, absl::string_view what);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_COUNT_TEXT_H_
