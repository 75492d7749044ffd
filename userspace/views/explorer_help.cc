#include "userspace/views/explorer_help.h"

#include "userspace/views/cells.h"

namespace profd {
namespace {

constexpr const char* kHelp[] = {
    "1 2 3 4, Tab  table, tree, flame graph, timeline",
    "h j k l, arrows, space b, g G  move",
    "Enter  table: below this function (i: its callers)",
    "       tree: open, close; flame graph: zoom in",
    "       timeline: a range, from here to there",
    "Esc    back out of zoom, function, search, range",
    "/      search: name, file.py:42, lib:numpy, /regex/; n N",
    "#      this name, everywhere",
    "s      table: sort by self or cumulative",
    "q      quit; ?  this page, any key leaves it",
    "* own + library - stdlib # native @ kernel z waiting",
};

}  // namespace

Screen ExplorerHelp(const ScreenSize& size) {
  Screen screen = {
      Line(FitLeft("profctl report -i: keys", size.columns), Ink::kPlain, /*reverse=*/true)};
  for (const char* text : kHelp) {
    if (static_cast<int>(screen.size()) >= size.rows) break;
    screen.push_back(Line(FitLeft(text, size.columns)));
  }
  return screen;
}

}  // namespace profd
