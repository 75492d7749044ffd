#include "tests/symbolizer/cpython/interpreters.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace profd::testing {
namespace {

std::vector<std::string> Glob(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

std::string Environment(const char* name, const std::string& otherwise) {
  const char* value = getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// "python3.13t" says minor 13 and free-threaded; other names (python3.11-config) say nothing.
bool ParseName(absl::string_view name, Interpreter& interpreter) {
  constexpr absl::string_view kPrefix = "python3.";
  if (name.substr(0, kPrefix.size()) != kPrefix) return false;
  name.remove_prefix(kPrefix.size());
  if (!name.empty() && name.back() == 't') {
    interpreter.free_threaded = true;
    name.remove_suffix(1);
  } else if (!name.empty() && name.back() == 'm') {
    name.remove_suffix(1);
  }
  return absl::SimpleAtoi(name, &interpreter.minor);
}

void Add(const std::string& root, const std::string& path, std::vector<Interpreter>& found) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(root + path, error);
  Interpreter interpreter{root, path};
  if (error || !ParseName(real.filename().string(), interpreter)) return;
  found.push_back(interpreter);
}

std::vector<Interpreter> Find() {
  std::vector<Interpreter> found;
  if (const char* list = getenv("PROFD_TEST_PYTHONS")) {
    for (absl::string_view path : absl::StrSplit(list, ':', absl::SkipEmpty())) {
      Add("", std::string(path), found);
    }
    return found;
  }
  const std::string pyenv = Environment("PYENV_ROOT", Environment("HOME", "/root") + "/.pyenv");
  for (const std::string& path : Glob(pyenv + "/versions/*/bin/python3")) Add("", path, found);
  for (const std::string& path : Glob("/usr/bin/python3.*[0-9t]")) Add("", path, found);
  const std::string root = Environment("PROFD_TEST_ROOT", PROFD_SOURCE_DIR "/build/roots/sid");
  if (geteuid() == 0) {
    for (const std::string& path : Glob(root + "/usr/bin/python3.*[0-9t]")) {
      Add(root, path.substr(root.size()), found);
    }
  }
  return found;
}

}  // namespace

const std::vector<Interpreter>& Interpreters() {
  static const auto* interpreters = new std::vector<Interpreter>(Find());
  return *interpreters;
}

std::vector<Interpreter> InterpretersOfMinor(int minor) {
  std::vector<Interpreter> matching;
  for (const Interpreter& interpreter : Interpreters()) {
    if (interpreter.minor == minor) matching.push_back(interpreter);
  }
  return matching;
}

PythonProgram::PythonProgram(const Interpreter& interpreter, const std::string& script,
                             const std::vector<std::string>& arguments) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) abort();
  std::vector<const char*> argv = {interpreter.path.c_str(), "-c", script.c_str()};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    setenv("PYTHONIOENCODING", "utf-8", 1);
    if (!interpreter.root.empty() && (chroot(interpreter.root.c_str()) != 0 || chdir("/") != 0)) {
      _exit(126);
    }
    execv(argv[0], const_cast<char* const*>(argv.data()));
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = Descriptor(in[1]);
  output_ = Descriptor(out[0]);
}

PythonProgram::~PythonProgram() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool PythonProgram::Fill() {
  char chunk[65536];
  ssize_t count;
  do {
    count = read(output_.get(), chunk, sizeof(chunk));
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  buffered_.append(chunk, static_cast<size_t>(count));
  return true;
}

std::string PythonProgram::ReadLine() {
  size_t end;
  while ((end = buffered_.find('\n')) == std::string::npos) {
    if (!Fill()) return std::exchange(buffered_, {});
  }
  std::string line = buffered_.substr(0, end);
  buffered_.erase(0, end + 1);
  return line;
}

std::string PythonProgram::ReadAll() {
  while (Fill()) {
  }
  return std::exchange(buffered_, {});
}

void PythonProgram::WriteLine(absl::string_view line) {
  std::string text(line);
  text.push_back('\n');
  if (write(input_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) abort();
}

int PythonProgram::Wait() {
  input_ = Descriptor();
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::string Script(const std::string& name) {
  std::ifstream file(PROFD_SOURCE_DIR "/tests/symbolizer/cpython/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace profd::testing
