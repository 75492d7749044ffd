// The environment of whoever typed `sudo`, which sudo takes away before it runs us.
#ifndef PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_
#define PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_

#include <map>
#include <string>

namespace profd {

using Environment = std::map<std::string, std::string>;

Environment OwnEnvironment();

// As sudo, our parent, was started with it: the kernel keeps that. Empty where our parent is
// another program, as in `sudo sh -c …`.
Environment EnvironmentOfSudo();

// What a command would have had without sudo: `typed`, and what was set between the two, as by
// `sudo NAME=value …` (in `own`).
Environment WithoutSudo(const Environment& typed, const Environment& own);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_
