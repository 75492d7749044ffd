#ifndef PROFD_USERSPACE_TEXT_PRINTABLE_H_
#define PROFD_USERSPACE_TEXT_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Names come from strangers: control characters, which could drive a terminal, become "?". UTF-8
// is left as it is.
inline std::string Printable(absl::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_PRINTABLE_H_
