// The environment of whoever typed `sudo profd …`, which sudo takes away before it runs us.
#ifndef PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_
#define PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace profd {

using Environment = std::map<std::string, std::string>;

Environment OwnEnvironment();

// What sudo, our parent, was started with (the kernel keeps that), and what its command line adds
// (`sudo NAME=value profd …`). Nothing where sudo ran another program that ran us, as in
// `sudo sh -c …` or `sudo env …`, which may have changed things on purpose.
std::optional<Environment> EnvironmentBeforeSudo();

// What `sudo`, the words of a command line, sets for the command that it ends with; nothing if that
// is not `own`, or is run by env(1).
std::optional<Environment> GivenToSudo(absl::Span<const std::string> sudo,
                                       absl::Span<const std::string> own);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_TYPED_ENVIRONMENT_H_
