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

bool LoadTerminfo(int fd) {
  int found = 0;
  return setupterm(nullptr, fd, &found) == OK && !Capability("cup").empty();
}

std::string LeaveSequence() {
  return Capability("sgr0") + Capability("cnorm") + Capability("rmkx") + Capability("rmcup");
}

}  // namespace profd
