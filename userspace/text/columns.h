// Text in a given number of terminal columns.
#ifndef PROFD_USERSPACE_TEXT_COLUMNS_H_
#define PROFD_USERSPACE_TEXT_COLUMNS_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Columns that UTF-8 text takes: East Asian wide characters and emoji two, combining marks none.
// By a table of its own, so that reports are the same in every locale; what goes through ncurses is
// measured as ncurses does, by the locale (views/cells.h).
size_t DisplayWidth(absl::string_view text);

// At most `width` columns: what is too much goes, for "…", at the end, in the middle or at the
// begin. Width 0 leaves nothing.
std::string FitEnd(absl::string_view text, size_t width);
std::string FitMiddle(absl::string_view text, size_t width);
std::string FitBegin(absl::string_view text, size_t width);

// Followed by blanks up to `width` columns.
std::string PadRight(std::string text, size_t width);

}  // namespace profd

#endif  // PROFD_USERSPACE_TEXT_COLUMNS_H_
