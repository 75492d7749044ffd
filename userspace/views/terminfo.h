// What the terminal's description says. Apart, since <term.h> defines plain words as macros.
#ifndef PROFD_USERSPACE_VIEWS_TERMINFO_H_
#define PROFD_USERSPACE_VIEWS_TERMINFO_H_

#include <string>

namespace profd {

// Reads the description of $TERM, for a terminal at `fd`. False: unknown, or a terminal whose
// cursor cannot be moved.
bool LoadTerminfo(int fd);

// After LoadTerminfo: attributes off, cursor visible, back from the alternate screen.
std::string LeaveSequence();

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TERMINFO_H_
