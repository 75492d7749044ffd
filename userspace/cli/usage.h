// What the programs share in talking to their user.
#ifndef PROFD_USERSPACE_CLI_USAGE_H_
#define PROFD_USERSPACE_CLI_USAGE_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace CLI {
class App;
}

namespace profd {

// Exit codes: 0 done, 1 failed, 2 used wrongly.

// What a library throws, or no memory left on any thread, is a line on stderr and exit code 1.
int Guarded(absl::string_view program, absl::FunctionRef<int()> main);

// Parses; false when the program is to end now, with *code. An unknown flag names the nearest one.
bool ParseArguments(CLI::App* app, int argc, char** argv, int* code);

// Prints "program: message" to stderr, and a hint line where the message has one. Returns 2.
int UsageError(absl::string_view program, absl::string_view message);
// The same for what went wrong in doing it. Returns 1.
int Failure(absl::string_view program, const absl::Status& status);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_USAGE_H_
