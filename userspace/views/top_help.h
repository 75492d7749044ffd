#ifndef PROFD_USERSPACE_VIEWS_TOP_HELP_H_
#define PROFD_USERSPACE_VIEWS_TOP_HELP_H_

#include "userspace/views/screen.h"

namespace profd {

// The keys of `top`; fits 60x12.
Screen TopHelp(const ScreenSize& size);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_TOP_HELP_H_
