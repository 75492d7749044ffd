#include "userspace/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace profd {
namespace {

// By the conventions of no-color.org and bixense.com/clicolors.
bool IsSet(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

const char* Code(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kRed:
      return "31";
    case Style::kGreen:
      return "32";
    case Style::kYellow:
      return "33";
    case Style::kBlue:
      return "34";
    case Style::kMagenta:
      return "35";
    case Style::kCyan:
      return "36";
  }
  return "";
}

}  // namespace

Terminal StandardOutput() {
  Terminal terminal;
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
  if (is_terminal && terminal.columns == 0) terminal.columns = 80;
  const char* const columns = std::getenv("COLUMNS");
  if (size_t typed; columns != nullptr && absl::SimpleAtoi(columns, &typed) && typed > 0) {
    terminal.columns = typed;
  }
  const char* const force = std::getenv("CLICOLOR_FORCE");
  const bool is_forced = force != nullptr && *force != '\0' && absl::string_view(force) != "0";
  terminal.has_color = !IsSet("NO_COLOR") && (is_forced || is_terminal);
  return terminal;
}

std::string Styled(const Terminal& terminal, Style style, absl::string_view text) {
  if (!terminal.has_color || style == Style::kPlain) return std::string(text);
  return absl::StrCat("\x1b[", Code(style), "m", text, "\x1b[0m");
}

Style StyleOf(FrameClass frame_class) {
  switch (frame_class) {
    case FrameClass::kOwn:
      return Style::kBold;
    case FrameClass::kLibrary:
      return Style::kCyan;
    case FrameClass::kStdlib:
      return Style::kGreen;
    case FrameClass::kNative:
      return Style::kYellow;
    case FrameClass::kKernel:
      return Style::kMagenta;
    case FrameClass::kWaiting:
    case FrameClass::kMarker:
      break;
  }
  return Style::kDim;
}

}  // namespace profd
