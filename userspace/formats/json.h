// profd's own JSON: a recording as it is, for scripts. docs/formats.md describes it.
#ifndef PROFD_USERSPACE_FORMATS_JSON_H_
#define PROFD_USERSPACE_FORMATS_JSON_H_

#include <string>

#include "userspace/profile/recording.h"

namespace profd {

std::string EncodeJson(const Recording& recording);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_JSON_H_
