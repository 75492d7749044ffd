#include "userspace/record/typed_environment.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "symbolizer/process/proc_files.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = 8 << 20;  // more than an exec takes by default

// Of a file of /proc, each ended by a null character.
std::vector<std::string> Words(pid_t pid, absl::string_view file) {
  const auto text = ReadProcFile(pid, file, kMaxBytes);
  if (!text.ok() || text->empty()) return {};
  absl::string_view words = *text;
  if (words.back() == '\0') words.remove_suffix(1);
  return absl::StrSplit(words, '\0');
}

// False: it is no NAME=value.
bool Add(absl::string_view variable, Environment* environment) {
  std::pair<std::string, std::string> parts = absl::StrSplit(variable, absl::MaxSplits('=', 1));
  if (parts.first.empty() || parts.first.size() == variable.size()) return false;
  environment->insert(std::move(parts));
  return true;
}

}  // namespace

Environment OwnEnvironment() {
  Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) Add(*variable, &environment);
  return environment;
}

std::optional<Environment> GivenToSudo(absl::Span<const std::string> sudo,
                                       absl::Span<const std::string> own) {
  if (own.empty() || sudo.size() <= own.size()) return std::nullopt;
  size_t end = sudo.size() - own.size();
  if (!std::equal(own.begin(), own.end(), sudo.begin() + static_cast<ptrdiff_t>(end))) {
    return std::nullopt;
  }
  Environment given;
  while (end > 1 && Add(sudo[end - 1], &given)) --end;
  for (const std::string& word : sudo.first(end)) {
    if (word == "env" || absl::EndsWith(word, "/env")) return std::nullopt;
  }
  return given;
}

std::optional<Environment> EnvironmentBeforeSudo() {
  const pid_t parent = getppid();
  if (Comm(parent) != "sudo") return std::nullopt;
  std::optional<Environment> environment =
      GivenToSudo(Words(parent, "cmdline"), Words(getpid(), "cmdline"));
  if (!environment.has_value()) return std::nullopt;
  const std::vector<std::string> typed = Words(parent, "environ");
  if (typed.empty()) return std::nullopt;
  for (const std::string& variable : typed) Add(variable, &*environment);
  return environment;
}

}  // namespace profd
