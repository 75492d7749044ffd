// What Python's pstats loads: the marshalled dictionary that cProfile dumps.
// https://docs.python.org/3/library/profile.html
#ifndef PROFD_USERSPACE_FORMATS_PSTATS_H_
#define PROFD_USERSPACE_FORMATS_PSTATS_H_

#include <string>

#include "userspace/profile/profile.h"

namespace profd {

// (file, first line, name) → (samples, samples, self, cumulative, callers), times in seconds.
// Calls are not counted by sampling: ncalls says in how many samples the function was seen, once
// each however deep it recurs, as its cumulative time is. Loads in every Python from 2.7 on.
std::string EncodePstats(const Profile& profile);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_PSTATS_H_
