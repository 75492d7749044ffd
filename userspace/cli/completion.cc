#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "userspace/cli/reference.h"

namespace profd {
namespace {

// How the value of an option or argument is completed, by what --help calls it.
enum class Value { kNone, kFlag, kFile, kDirectory, kProcess, kAny };

Value ValueOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return Value::kFlag;
  const std::string type = option.get_type_name();
  if (type.find("FILE") == 0 || type.find("PATH") == 0) return Value::kFile;
  if (type.find("DIR") == 0) return Value::kDirectory;
  if (type.find("PID") == 0) return Value::kProcess;
  return Value::kAny;
}

std::vector<const CLI::Option*> Flags(const CLI::App& app) {
  std::vector<const CLI::Option*> flags;
  for (const CLI::Option* option : app.get_options()) {
    const bool hidden = option->get_group().empty();
    const bool named = !option->get_lnames().empty() || !option->get_snames().empty();
    if (named && !hidden) flags.push_back(option);
  }
  return flags;
}

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_name().empty() && !command->get_group().empty()) commands.push_back(command);
  }
  return commands;
}

std::vector<std::string> Spellings(const CLI::Option& option) {
  std::vector<std::string> spellings;
  for (const std::string& name : option.get_snames()) spellings.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) spellings.push_back("--" + name);
  return spellings;
}

// The first line of a help text, in single quotes of the shell.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text.substr(0, text.find('\n')), {{"'", "’"}}), "'");
}

// The same inside of _arguments' and _describe's own syntax.
std::string ZshQuoted(absl::string_view text) {
  return absl::StrReplaceAll(Quoted(text), {{"[", "("}, {"]", ")"}, {":", "\\:"}});
}

constexpr char kPythonProcesses[] = "pgrep -f '[p]ython'";

std::string BashCase(const CLI::App& app, absl::string_view label) {
  std::vector<std::string> words, files, directories, processes, others;
  for (const CLI::Option* option : Flags(app)) {
    std::vector<std::string>* const valued = [&]() -> std::vector<std::string>* {
      switch (ValueOf(*option)) {
        case Value::kFile:
          return &files;
        case Value::kDirectory:
          return &directories;
        case Value::kProcess:
          return &processes;
        case Value::kAny:
          return &others;
        default:
          return nullptr;
      }
    }();
    for (const std::string& spelling : Spellings(*option)) {
      words.push_back(spelling);
      if (valued != nullptr) valued->push_back(spelling);
    }
  }
  for (const CLI::App* command : Commands(app)) words.push_back(command->get_name());
  std::string out = absl::StrCat("    ", label, ")\n      case $previous in\n");
  const auto add = [&](const std::vector<std::string>& spellings, absl::string_view reply) {
    if (spellings.empty()) return;
    absl::StrAppend(&out, "        ", absl::StrJoin(spellings, "|"), ") ", reply, " return ;;\n");
  };
  add(files, "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\"));");
  add(directories, "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$current\"));");
  add(processes,
      absl::StrCat("COMPREPLY=($(compgen -W \"$(", kPythonProcesses, ")\" -- \"$current\"));"));
  add(others, "COMPREPLY=();");
  absl::StrAppend(&out, "      esac\n      words='", absl::StrJoin(words, " "), "' ;;\n");
  return out;
}

std::string Bash(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::vector<std::string> commands;
  for (const CLI::App* command : Commands(app)) commands.push_back(command->get_name());
  std::string out = absl::StrCat(
      "_", name,
      "() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      --) _command_offset $((i + 1)) 2>/dev/null; return ;;\n"
      "      ",
      absl::StrJoin(commands, "|"),
      ") command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n");
  for (const CLI::App* command : Commands(app)) {
    absl::StrAppend(&out, BashCase(*command, command->get_name()));
  }
  absl::StrAppend(&out, BashCase(app, "*"),
                  "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                  "  if [[ $current != -* && -n $command ]]; then\n"
                  "    compopt -o filenames\n"
                  "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
                  "  fi\n"
                  "}\n"
                  "complete -F _",
                  name, " ", name, "\n");
  return out;
}

std::string ZshAction(Value value) {
  switch (value) {
    case Value::kFile:
      return ":file:_files";
    case Value::kDirectory:
      return ":directory:_files -/";
    case Value::kProcess:
      return ":process:_pids";
    case Value::kAny:
      return ":value: ";
    default:
      return "";
  }
}

std::string ZshArguments(const CLI::App& app, absl::string_view indent) {
  std::string out = absl::StrCat(indent, "_arguments -S");
  for (const CLI::Option* option : Flags(app)) {
    const std::string help = ZshQuoted(option->get_description());
    for (const std::string& spelling : Spellings(*option)) {
      absl::StrAppend(&out, " \\\n", indent, "  '*", spelling, "['", help, "']",
                      ZshAction(ValueOf(*option)), "'");
    }
  }
  return out;
}

std::string Zsh(const CLI::App& app) {
  const std::string& name = app.get_name();
  const std::vector<const CLI::App*> commands = Commands(app);
  std::string out = absl::StrCat("#compdef ", name, "\n_", name,
                                 "() {\n"
                                 "  local context state line\n"
                                 "  typeset -A opt_args\n",
                                 ZshArguments(app, "  "),
                                 " \\\n    '1: :->command' '*:: :->arguments' && return\n"
                                 "  case $state in\n"
                                 "    command)\n"
                                 "      local -a commands=(\n");
  for (const CLI::App* command : commands) {
    absl::StrAppend(&out, "        '", command->get_name(), ":'",
                    ZshQuoted(command->get_description()), "\n");
  }
  absl::StrAppend(&out,
                  "      )\n"
                  "      _describe command commands ;;\n"
                  "    arguments)\n"
                  "      case $words[1] in\n");
  for (const CLI::App* command : commands) {
    absl::StrAppend(&out, "        ", command->get_name(), ")\n",
                    ZshArguments(*command, "          "), " \\\n            '*:file:_files' ;;\n");
  }
  absl::StrAppend(&out,
                  "      esac ;;\n"
                  "  esac\n"
                  "}\n"
                  "if [[ $funcstack[1] == _",
                  name, " ]]; then _", name, " \"$@\"; else compdef _", name, " ", name, "; fi\n");
  return out;
}

std::string FishOptions(const CLI::App& app, absl::string_view name, absl::string_view condition) {
  std::string out;
  for (const CLI::Option* option : Flags(app)) {
    absl::StrAppend(&out, "complete -c ", name, " -n ", condition);
    for (const std::string& s : option->get_snames()) absl::StrAppend(&out, " -s ", s);
    for (const std::string& l : option->get_lnames()) absl::StrAppend(&out, " -l ", l);
    switch (ValueOf(*option)) {
      case Value::kFile:
        absl::StrAppend(&out, " -r -F");
        break;
      case Value::kDirectory:
        absl::StrAppend(&out, " -x -a '(__fish_complete_directories)'");
        break;
      case Value::kProcess:
        absl::StrAppend(&out, " -x -a '(__fish_complete_pids)'");
        break;
      case Value::kAny:
        absl::StrAppend(&out, " -x");
        break;
      default:
        break;
    }
    absl::StrAppend(&out, " -d ", Quoted(option->get_description()), "\n");
  }
  return out;
}

std::string Fish(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::string out = FishOptions(app, name, "__fish_use_subcommand");
  for (const CLI::App* command : Commands(app)) {
    absl::StrAppend(
        &out, "complete -c ", name, " -n __fish_use_subcommand -f -a ", command->get_name(), " -d ",
        Quoted(command->get_description()), "\n",
        FishOptions(*command, name,
                    absl::StrCat("'__fish_seen_subcommand_from ", command->get_name(), "'")));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> CompletionScript(const CLI::App& app, absl::string_view shell) {
  if (shell == "bash") return Bash(app);
  if (shell == "zsh") return Zsh(app);
  if (shell == "fish") return Fish(app);
  return absl::InvalidArgumentError(
      absl::StrCat("no completions for \"", shell, "\": bash, zsh or fish"));
}

}  // namespace profd
