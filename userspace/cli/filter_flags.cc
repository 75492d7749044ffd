#include "userspace/cli/filter_flags.h"

#include <CLI/CLI.hpp>

namespace profd {

void AddFilterFlags(CLI::App* command, FilterOptions* options) {
  constexpr char kGroup[] = "Filters";
  const auto one = [&](const char* flag, std::string* value, const char* type, const char* help) {
    command->add_option(flag, *value, help)->type_name(type)->group(kGroup);
  };
  const auto several = [&](const char* flag, std::vector<std::string>* values, const char* type,
                           const char* help) {
    // One value a flag: names may hold commas.
    command->add_option(flag, *values, help)
        ->type_name(type)
        ->group(kGroup)
        ->allow_extra_args(false);
  };
  one("--from", &options->from, "TIME", "14:05, 2026-11-21T14:05Z, -5m (before the end)");
  one("--to", &options->to, "TIME", "Likewise, or +30s (after the begin)");
  command->add_option("-p,--pid", options->pids, "Only these processes")
      ->type_name("PID")
      ->group(kGroup)
      ->delimiter(',')
      ->allow_extra_args(false);
  several("--comm", &options->comms, "REGEX", "Only processes of such a name");
  several("--thread", &options->threads, "REGEX", "Only threads of such a name");
  several("--container", &options->containers, "ID", "Only this container; its begin will do");
  several("--python", &options->pythons, "VERSION", "Only such interpreters: 3.12");
  several("--label", &options->labels, "KEY=VALUE", "Only samples with just this label");
  one("--focus", &options->focus, "REGEX", "Only stacks with such a function or file");
  one("--ignore", &options->ignore, "REGEX", "Only stacks without");
  one("--hide", &options->hide, "REGEX", "Without such frames; their time is their caller's");
  command->add_option("--hide-kind", options->hide_kinds, "The same by kind: native,kernel")
      ->type_name("KIND")
      ->group(kGroup)
      ->delimiter(',')
      ->allow_extra_args(false);
  one("--root", &options->root, "REGEX", "Stacks begin at such a frame");
}

}  // namespace profd
