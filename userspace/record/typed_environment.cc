#include "userspace/record/typed_environment.h"

#include <unistd.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "symbolizer/process/proc_files.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

constexpr size_t kMaxEnvironmentBytes = 8 << 20;  // more than an exec takes by default

void Add(absl::string_view variable, Environment* environment) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(variable, absl::MaxSplits('=', 1));
  if (!parts.first.empty()) environment->insert(parts);
}

// What sudo sets itself (sudoers(5), "Command environment").
bool IsSudos(absl::string_view name) {
  static constexpr absl::string_view kSet[] = {"HOME",  "LOGNAME", "MAIL",    "PATH",
                                               "SHELL", "USER",    "USERNAME"};
  return absl::StartsWith(name, "SUDO_") || absl::c_linear_search(kSet, name);
}

}  // namespace

Environment OwnEnvironment() {
  Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) Add(*variable, &environment);
  return environment;
}

Environment EnvironmentOfSudo() {
  const pid_t parent = getppid();
  if (Comm(parent) != "sudo") return {};
  const auto text = ReadProcFile(parent, "environ", kMaxEnvironmentBytes);
  Environment environment;
  if (!text.ok()) return environment;
  for (absl::string_view variable : absl::StrSplit(*text, '\0')) Add(variable, &environment);
  return environment;
}

Environment WithoutSudo(const Environment& typed, const Environment& own) {
  Environment environment = typed;
  for (const auto& [name, value] : own) {
    if (!IsSudos(name)) environment[name] = value;
  }
  if (const auto path = own.find("PATH"); path != own.end()) environment.insert(*path);
  return environment;
}

}  // namespace profd
