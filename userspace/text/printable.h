// Names come from strangers: what they must not bring to a terminal.
#ifndef PROFD_USERSPACE_TEXT_PRINTABLE_H_
#define PROFD_USERSPACE_TEXT_PRINTABLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Bytes of the character at the front where it is a control (C0, DEL, C1 as UTF-8 has it), which
// could drive a terminal, or turns the direction of text or ends a paragraph (Unicode Standard
// Annex 9, tables 3 and 4), which hides what stands beside it. 0: it is neither.
size_t ControlBytes(absl::string_view text);

// Each such character becomes "?". UTF-8 is left as it is.
std::string Printable(absl::string_view text);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_PRINTABLE_H_
