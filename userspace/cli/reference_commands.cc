// completion and man: what the shell and man(1) know of a program.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "userspace/cli/commands.h"
#include "userspace/cli/reference.h"
#include "userspace/cli/usage.h"

namespace profd {

void AddReference(CLI::App* program, int man_section, Run* run) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      program->add_subcommand("completion", "Print a completion script for bash, zsh or fish");
  completion->add_option("shell", *shell, "bash, zsh or fish")->required()->type_name("SHELL");
  completion->footer("Example: source <(" + program->get_name() + " completion bash)");
  completion->callback([=] {
    *run = [=] {
      auto script = CompletionScript(*program, *shell);
      if (!script.ok()) return UsageError(program->get_name(), script.status().message());
      std::cout << *script;
      return 0;
    };
  });

  CLI::App* man = program->add_subcommand("man", "Print the manual page, for man -l");
  man->footer("Example: " + program->get_name() + " man | man -l -");
  man->callback([=] {
    *run = [=] {
      std::cout << ManPage(*program, man_section);
      return 0;
    };
  });
}

}  // namespace profd
