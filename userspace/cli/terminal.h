// What standard output is, and text for it.
#ifndef PROFD_USERSPACE_CLI_TERMINAL_H_
#define PROFD_USERSPACE_CLI_TERMINAL_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "userspace/analysis/frame_class.h"

namespace profd {

struct Terminal {
  size_t columns = 0;  // 0: not a terminal, lines may be of any length
  bool has_color = false;
};

// Colours on a terminal unless NO_COLOR is set; anywhere with CLICOLOR_FORCE. COLUMNS, where set,
// is the width anywhere.
Terminal StandardOutput();

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };
std::string Styled(const Terminal& terminal, Style style, absl::string_view text);

// Own code stands out; what one cannot change steps back.
Style StyleOf(FrameClass frame_class);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_TERMINAL_H_
