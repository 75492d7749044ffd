// What the terminal's description says. Apart, since <term.h> defines plain words as macros.
#ifndef PROFD_USERSPACE_VIEWS_TERMINFO_H_
#define PROFD_USERSPACE_VIEWS_TERMINFO_H_

#include <optional>
#include <string>

namespace profd {

// By the description of $TERM, for a terminal at `fd`: attributes off, cursor visible, back from
// the alternate screen. nullopt: unknown, or a terminal whose cursor cannot be moved.
std::optional<std::string> LeaveSequence(int fd);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TERMINFO_H_
