#include "userspace/record/command.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;
constexpr int kSignalBase = 128;

struct Pipe {
  Descriptor read, write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  return Pipe{Descriptor(fds[0]), Descriptor(fds[1])};
}

template <typename T>
bool ReadOne(int fd, T* value) {
  ssize_t got;
  do {
    got = read(fd, value, sizeof(*value));
  } while (got < 0 && errno == EINTR);
  return got == sizeof(*value);
}

int Redirect(const CommandStreams& streams) {
  const std::pair<int, int> all[] = {{streams.input, STDIN_FILENO},
                                     {streams.output, STDOUT_FILENO},
                                     {streams.error, STDERR_FILENO}};
  for (const auto& [from, to] : all) {
    if (from >= 0 && dup2(from, to) < 0) return errno;
  }
  return 0;
}

[[noreturn]] void RunChild(const std::vector<std::string>& words, const InvokingUser& user,
                           const sigset_t& signals, const CommandStreams& streams, int go,
                           int failed) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int error = Become(user);
  if (error == 0) error = Redirect(streams);
  char byte;
  if (!ReadOne(go, &byte)) _exit(kNotFound);
  if (error == 0) {
    pthread_sigmask(SIG_SETMASK, &signals, nullptr);
    execvp(argv[0], argv.data());
    error = errno;
  }
  (void)!write(failed, &error, sizeof(error));
  _exit(kNotFound);
}

absl::Status CannotRun(const std::string& word, int error, bool has_sudos_path) {
  std::string message = absl::StrCat("cannot run ", Printable(word), ": ", strerror(error));
  const bool searched = word.find('/') == std::string::npos;
  if (error == ENOENT && searched && has_sudos_path) {
    absl::StrAppend(&message,
                    "\nhint: sudo sets a PATH of its own; give the program's whole path, ",
                    "as `which ", Printable(word), "` prints it");
  }
  return absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Command>> Command::Prepare(std::vector<std::string> words,
                                                          const InvokingUser& user,
                                                          const sigset_t& signals,
                                                          const CommandStreams& streams) {
  auto go = MakePipe();
  if (!go.ok()) return go.status();
  auto failed = MakePipe();
  if (!failed.ok()) return failed.status();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) {
    go->write = Descriptor();
    RunChild(words, user, signals, streams, go->read.get(), failed->write.get());
  }
  auto command = std::unique_ptr<Command>(new Command(std::move(words), pid));
  command->go_ = std::move(go->write);
  command->failed_ = std::move(failed->read);
  command->has_sudos_path_ = user.behind_sudo && !user.has_typed_environment;
  command->pidfd_ = Descriptor(syscall(SYS_pidfd_open, pid, 0));
  if (!command->pidfd_.valid()) return absl::ErrnoToStatus(errno, "pidfd_open");
  return command;
}

Command::~Command() {
  if (!go_.valid()) return;
  go_ = Descriptor();
  Wait();
}

absl::string_view Command::name() const {
  const absl::string_view word = words_[0];
  return word.substr(word.rfind('/') + 1);
}

absl::Status Command::Release() {
  const char byte = 0;
  (void)!write(go_.get(), &byte, sizeof(byte));
  go_ = Descriptor();
  int error;
  if (!ReadOne(failed_.get(), &error)) return absl::OkStatus();
  Wait();
  exit_code_ = error == ENOENT ? kNotFound : kNotExecutable;
  return CannotRun(words_[0], error, has_sudos_path_);
}

bool Command::Reap(int flags) {
  int status;
  pid_t got;
  do {
    got = waitpid(pid_, &status, flags);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  ended_ = true;
  if (got == pid_) {
    exit_code_ = WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return true;
}

bool Command::Ended() { return ended_ || Reap(WNOHANG); }

void Command::Wait() {
  if (!ended_) Reap(0);
}

bool TakeSignals(StopSignals* signals, Command* command) {
  bool is_for_us = false;
  while (auto signal = signals->Take()) {
    if (command == nullptr) {
      is_for_us = true;
    } else if (!signal->from_terminal && !command->Ended()) {
      command->Signal(signal->number);
    }
  }
  return is_for_us;
}

}  // namespace profd
