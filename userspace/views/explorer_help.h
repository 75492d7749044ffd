#ifndef PROFD_USERSPACE_VIEWS_EXPLORER_HELP_H_
#define PROFD_USERSPACE_VIEWS_EXPLORER_HELP_H_

#include "userspace/views/screen.h"

namespace profd {

// The keys of `profctl report -i`; fits 60x12.
Screen ExplorerHelp(const ScreenSize& size);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_EXPLORER_HELP_H_
