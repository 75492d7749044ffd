#include "userspace/views/terminfo.h"

#define NCURSES_NOMACROS 1
#include <curses.h>
// After it: term.h needs its types.
#include <term.h>

namespace profd {
namespace {

std::string Capability(const char* name) {
  const char* text = tigetstr(name);
  // (char*)-1: no such capability.
  return text == nullptr || text == reinterpret_cast<char*>(-1) ? "" : text;
}

}  // namespace

std::optional<std::string> LeaveSequence(int fd) {
  int found = 0;
  if (setupterm(nullptr, fd, &found) != OK) return std::nullopt;
  std::optional<std::string> sequence;
  if (!Capability("cup").empty()) {
    sequence = Capability("sgr0") + Capability("cnorm") + Capability("rmkx") + Capability("rmcup");
  }
  del_curterm(cur_term);
  return sequence;
}

}  // namespace profd
