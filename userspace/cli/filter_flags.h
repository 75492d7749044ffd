#ifndef PROFD_USERSPACE_CLI_FILTER_FLAGS_H_
#define PROFD_USERSPACE_CLI_FILTER_FLAGS_H_

#include "userspace/analysis/filter.h"

namespace CLI {
class App;
}

namespace profd {

// --from, --to, --pid, --comm, --thread, --container, --python, --label, --focus, --ignore, --hide,
// --hide-kind and --root; `options` must outlive the parsing.
void AddFilterFlags(CLI::App* command, FilterOptions* options);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_FILTER_FLAGS_H_
