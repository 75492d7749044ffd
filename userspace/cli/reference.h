// What the shell and man(1) know of a program, made from the same descriptions as its --help.
#ifndef PROFD_USERSPACE_CLI_REFERENCE_H_
#define PROFD_USERSPACE_CLI_REFERENCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace profd {

// A completion script for "bash", "zsh" or "fish". kInvalidArgument names these.
absl::StatusOr<std::string> CompletionScript(const CLI::App& app, absl::string_view shell);

// A page of section 1 or 8, in man(7)'s macros.
std::string ManPage(const CLI::App& app, int section);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_REFERENCE_H_
