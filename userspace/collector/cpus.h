#ifndef PROFD_USERSPACE_COLLECTOR_CPUS_H_
#define PROFD_USERSPACE_COLLECTOR_CPUS_H_

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace profd {

// CPUs that are online now, ascending; never empty.
std::vector<int> OnlineCpus();
// The kernel's list format: "0-3,8". Exposed for tests.
std::vector<int> ParseCpuList(absl::string_view text);

// Keeps one of `items` for each CPU that is online now. A CPU's perf event does not come back with
// it: `end(item)` before its item goes. `add(cpu)` puts a new CPU's item in; the first error ends
// it.
template <typename Item, typename CpuOf, typename End, typename Add>
absl::Status FollowOnlineCpus(std::vector<Item>& items, CpuOf cpu_of, End end, Add add) {
  const std::vector<int> online = OnlineCpus();
  std::erase_if(items, [&](Item& item) {
    if (std::binary_search(online.begin(), online.end(), cpu_of(item))) return false;
    end(item);
    return true;
  });
  for (const int cpu : online) {
    const auto is_its = [&](const Item& item) { return cpu_of(item) == cpu; };
    if (std::any_of(items.begin(), items.end(), is_its)) continue;
    if (absl::Status status = add(cpu); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_CPUS_H_
