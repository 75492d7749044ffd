// The CPython interpreters of this machine, and programs run by them, for tests.
#ifndef PROFD_TESTS_SYMBOLIZER_CPYTHON_INTERPRETERS_H_
#define PROFD_TESTS_SYMBOLIZER_CPYTHON_INTERPRETERS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "symbolizer/process/descriptor.h"

namespace profd::testing {

struct Interpreter {
  std::string root;  // chroot to run it in; empty: ours
  std::string path;  // inside `root`
  int minor = 0;
  bool free_threaded = false;
  std::string ToString() const { return root + path; }
};

// $PROFD_TEST_PYTHONS (colon-separated), or when unset: pyenv's, /usr/bin/python3.*, and
// /usr/bin/python3.* of $PROFD_TEST_ROOT (only where we may chroot).
const std::vector<Interpreter>& Interpreters();
std::vector<Interpreter> InterpretersOfMinor(int minor);

// `python -c script arguments…` with its standard input and output as pipes. Killed when destroyed.
class PythonProgram {
 public:
  PythonProgram(const Interpreter& interpreter, const std::string& script,
                const std::vector<std::string>& arguments = {});
  ~PythonProgram();
  PythonProgram(const PythonProgram&) = delete;
  PythonProgram& operator=(const PythonProgram&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of its output without the newline; empty at the end.
  std::string ReadLine();
  std::string ReadAll();
  void WriteLine(absl::string_view line);
  // Exit status as of wait(2), after closing its input.
  int Wait();

 private:
  bool Fill();

  pid_t pid_ = -1;
  Descriptor input_;
  Descriptor output_;
  std::string buffered_;
};

// The text of a script beside the test's sources.
std::string Script(const std::string& name);

}  // namespace profd::testing

#endif  // PROFD_TESTS_SYMBOLIZER_CPYTHON_INTERPRETERS_H_
