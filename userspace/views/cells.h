// Text of strangers in the columns of a terminal. Widths are the C library's wcwidth() in LC_CTYPE;
// where that is not UTF-8 (see SetTerminalLocale), everything beyond ASCII becomes "?".
#ifndef PROFD_USERSPACE_VIEWS_CELLS_H_
#define PROFD_USERSPACE_VIEWS_CELLS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace profd {

// Takes LC_CTYPE from the environment; where nothing there says what the terminal's character set
// is, UTF-8 is taken. Call once, before other threads run.
void SetTerminalLocale();
bool TerminalIsUtf8();

// `text` as it may stand on a screen: controls and characters that turn the direction of text
// become "?", what joins or alters the characters beside it (and so their width) is left out, at
// most 3 marks stay on a character. Past 4,096 bytes it is cut.
std::string ToCells(absl::string_view text);
// Columns that text of ToCells takes.
int CellWidth(absl::string_view cells);

// The next three clean their text, and yield exactly `width` columns (none when it is negative).
// A mark stands for what was cut off.
std::string FitLeft(absl::string_view text, int width);   // cut at the end, padded there
std::string FitRight(absl::string_view text, int width);  // the same, but padded in front
std::string FitTail(absl::string_view text, int width);   // cut in front, padded at the end

// `text` when the terminal shows UTF-8, else `ascii`.
absl::string_view Glyph(absl::string_view text, absl::string_view ascii);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_CELLS_H_
