// A sampler of waiting threads at work on one program, for tests. Needs the agent's privileges.
#ifndef PROFD_TESTS_WAITING_LIVE_SAMPLER_H_
#define PROFD_TESTS_WAITING_LIVE_SAMPLER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "userspace/sampling/sampler.h"

namespace profd::testing {

// waits.py with these arguments, ready. Null: the interpreter could not run it.
std::unique_ptr<PythonProgram> StartWaits(const Interpreter& interpreter,
                                          const std::vector<std::string>& arguments);

// One that shows the most: of Python 3.11 where there is one.
Interpreter AnyInterpreter();

// Where a thread's time went, in seconds.
struct ThreadTime {
  double cpu = 0;
  double wall = 0;
  std::map<std::string, double> by_leaf;      // wall time
  std::map<std::string, double> by_function;  // wall time, cumulative, Python's alone
  size_t deepest = 0;                         // Python frames
  double Share(const std::string& leaf) const;
};

class LiveSampler {
 public:
  // Fails as Sampler does; the caller skips its test where privileges are missing.
  static absl::StatusOr<std::unique_ptr<LiveSampler>> Start(pid_t pid, Sampler::Options options);
  FinishedWindow Run(absl::Duration duration);
  Sampler& sampler() { return *sampler_; }

 private:
  std::unique_ptr<Sampler> sampler_;
};

std::map<std::string, ThreadTime> ByThread(const Profile& profile);

}  // namespace profd::testing

#endif  // PROFD_TESTS_WAITING_LIVE_SAMPLER_H_
