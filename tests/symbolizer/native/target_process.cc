#include "tests/symbolizer/native/target_process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace profd {

TargetProcess::TargetProcess(pid_t pid) {
  int commands[2];
  int answers[2];
  if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) return;
  clone_args args{};
  args.exit_signal = SIGCHLD;
  if (pid > 0) {
    args.set_tid = reinterpret_cast<uint64_t>(&pid);
    args.set_tid_size = 1;
  }
  pid_ = syscall(SYS_clone3, &args, sizeof(args));
  if (pid_ == 0) {
    dup2(commands[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    execl(NATIVE_TARGET, NATIVE_TARGET, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(commands[0]);
  close(answers[1]);
  in_ = fdopen(commands[1], "w");
  out_ = fdopen(answers[0], "r");
}

uint64_t TargetProcess::Ask(const std::string& command) {
  if (pid_ <= 0) return 0;
  std::fprintf(in_, "%s\n", command.c_str());
  std::fflush(in_);
  unsigned long long value = 0;
  return std::fscanf(out_, "%llx", &value) == 1 ? value : 0;
}

void TargetProcess::End() {
  if (in_ != nullptr) std::fclose(in_);
  if (out_ != nullptr) std::fclose(out_);
  in_ = out_ = nullptr;
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

TempDirectory::TempDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "profd-native-XXXXXX";
  if (mkdtemp(name.data()) != nullptr) path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace profd
