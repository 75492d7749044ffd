// A child process for tests: does something, says so, and then waits to be killed.
#ifndef PROFD_TESTS_SYMBOLIZER_PROCESS_CHILD_H_
#define PROFD_TESTS_SYMBOLIZER_PROCESS_CHILD_H_

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <utility>

namespace profd {

class Child {
 public:
  // Runs `body` in the child; what it returns is ready_value(). A body that fails returns 0.
  explicit Child(const std::function<uint64_t()>& body) {
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[0]);
      const uint64_t value = body();
      if (write(ends[1], &value, sizeof(value)) != sizeof(value)) _exit(1);
      while (true) pause();
    }
    close(ends[1]);
    if (read(ends[0], &ready_value_, sizeof(ready_value_)) != sizeof(ready_value_)) {
      ready_value_ = 0;
    }
    close(ends[0]);
  }
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  uint64_t ready_value() const { return ready_value_; }
  void Kill() {
    const pid_t pid = std::exchange(pid_, -1);
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  uint64_t ready_value_ = 0;
};

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_PROCESS_CHILD_H_
