#include "userspace/views/top_help.h"

#include "userspace/views/cells.h"

namespace profd {
namespace {

constexpr const char* kHelp[] = {
    "1 2  sort by share of the last interval: self, cumulative",
    "3 4  sort by time since the start: self, cumulative",
    "j k  arrows, space b, g G  move; Enter  callers, callees",
    "Esc  back; f  follow this row; l  lines or functions",
    "i    waiting threads too: wall time; o  only with the GIL",
    "/    search: name, file.py:42, lib:numpy, /regex/; n N",
    "w    write the profile so far (pprof); r  start again",
    "q    quit; ?  this page, any key leaves it",
    "Cum counts a sample once however deep a function recurs.",
    "dim: under 10 samples. Up, down: beyond 2 deviations.",
    "* own + library - stdlib # native @ kernel z waiting",
};

}  // namespace

Screen TopHelp(const ScreenSize& size) {
  Screen screen = {Line(FitLeft("profd top: keys", size.columns), Ink::kPlain, /*reverse=*/true)};
  for (const char* text : kHelp) {
    if (static_cast<int>(screen.size()) >= size.rows) break;
    screen.push_back(Line(FitLeft(text, size.columns)));
  }
  return screen;
}

}  // namespace profd
