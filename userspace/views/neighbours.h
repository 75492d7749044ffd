// One function between its callers and its callees.
#ifndef PROFD_USERSPACE_VIEWS_NEIGHBOURS_H_
#define PROFD_USERSPACE_VIEWS_NEIGHBOURS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "symbolizer/frame.h"
#include "userspace/profile/profile.h"

namespace profd {

struct Neighbour {
  std::shared_ptr<const Function> function;
  int64_t ns = 0;  // of the samples in which it stands beside the function, each once
  int64_t samples = 0;
};

struct Neighbours {
  // Heaviest first. A function that calls itself is not among its own; its others are those of all
  // its frames.
  std::vector<Neighbour> callers;
  std::vector<Neighbour> callees;
  int64_t self_ns = 0;
  int64_t cumulative_ns = 0;
};

// A function is the same when kind, name, file and first line are.
Neighbours FindNeighbours(const Profile& profile, const Function& function);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_NEIGHBOURS_H_
