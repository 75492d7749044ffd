#ifndef PROFD_USERSPACE_TEXT_NEAREST_H_
#define PROFD_USERSPACE_TEXT_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace profd {

// The word most like `text`, by edit distance; empty when none is like it.
std::string Nearest(absl::string_view text, const std::vector<std::string>& words);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_NEAREST_H_
