// The interpreter inside a running process, for tests.
#ifndef PROFD_TESTS_SYMBOLIZER_CPYTHON_LIVE_INTERPRETER_H_
#define PROFD_TESTS_SYMBOLIZER_CPYTHON_LIVE_INTERPRETER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "symbolizer/cpython/interpreter_image.h"
#include "symbolizer/process/remote_memory.h"

namespace profd::testing {

struct LiveInterpreter {
  std::string path;  // of the binary that holds the interpreter
  InterpreterImage image;
  uint64_t bias = 0;
  std::unique_ptr<RemoteMemory> memory;
};

// Inspects the files that the process has mapped until one is an interpreter.
absl::StatusOr<LiveInterpreter> FindLiveInterpreter(pid_t pid);

}  // namespace profd::testing

#endif  // PROFD_TESTS_SYMBOLIZER_CPYTHON_LIVE_INTERPRETER_H_
