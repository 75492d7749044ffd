// A running native_target.
#ifndef PROFD_TESTS_SYMBOLIZER_NATIVE_TARGET_PROCESS_H_
#define PROFD_TESTS_SYMBOLIZER_NATIVE_TARGET_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace profd {

class TargetProcess {
 public:
  // With `pid` > 0 the process gets just that PID (clone3's set_tid; needs CAP_SYS_ADMIN).
  explicit TargetProcess(pid_t pid = 0);
  ~TargetProcess() { End(); }
  TargetProcess(const TargetProcess&) = delete;
  TargetProcess& operator=(const TargetProcess&) = delete;

  uint64_t Ask(const std::string& command);  // see native_target.cc; 0: it failed
  pid_t pid() const { return pid_; }         // -1: could not be started
  void End();                                // and wait until it is gone

 private:
  pid_t pid_ = -1;
  FILE* in_ = nullptr;
  FILE* out_ = nullptr;
};

// A directory that is removed, with all in it, at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_NATIVE_TARGET_PROCESS_H_
