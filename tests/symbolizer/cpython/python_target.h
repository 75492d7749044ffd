// A running interpreter with one of the live_*.py programs, and what is needed to read it.
#ifndef PROFD_TESTS_SYMBOLIZER_CPYTHON_PYTHON_TARGET_H_
#define PROFD_TESTS_SYMBOLIZER_CPYTHON_PYTHON_TARGET_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "bpf/events.h"
#include "symbolizer/process/memory.h"
#include "tests/symbolizer/cpython/interpreters.h"

namespace profd::testing {

struct PythonTarget {
  std::unique_ptr<PythonProgram> program;
  std::unique_ptr<ProcessMemory> memory;
  py_layout layout{};
  uint64_t interpreter = 0;  // PyInterpreterState
};

// Fails the test and leaves `target` unusable when the interpreter cannot be run or its layout is
// not known: use with ASSERT_NO_FATAL_FAILURE.
void StartTarget(const Interpreter& interpreter, const std::string& script, PythonTarget& target);

std::string FromHex(absl::string_view hex);  // "-" is empty

}  // namespace profd::testing

#endif  // PROFD_TESTS_SYMBOLIZER_CPYTHON_PYTHON_TARGET_H_
