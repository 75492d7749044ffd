// profd: everything that samples.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "userspace/cli/commands.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd --all-python --interval 10s        every Python process on this host\n"
    "  sudo profd record -p 4242 -d 30s              one look at one process, into one file\n"
    "  sudo profd record -- python app.py            a command, from its first line to its end\n"
    "  sudo profd dump -p 4242                       what each of its threads does now\n"
    "  sudo profd top                                live\n"
    "  sudo profd status                             what a running agent does and has lost\n"
    "Read profiles with profctl report, or go tool pprof -http=: FILE.";

// Takes "-- COMMAND…" off the arguments: it is not ours to parse.
int CutCommand(int argc, char** argv, std::vector<std::string>* command) {
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) != "--") continue;
    command->assign(argv + i + 1, argv + argc);
    return i;
  }
  return argc;
}

int Main(int argc, char** argv) {
  CLI::App app("Samples the CPU of Python processes on this host; writes profiles.", "profd");
  app.set_version_flag("--version", std::string("profd ") + PROFD_VERSION);
  app.footer(kExamples);
  Run run;
  std::vector<std::string> command;
  AddAgent(&app, &run);
  AddRecord(&app, &command, &run);
  AddDump(&app, &run);
  AddTop(&app, &command, &run);
  AddStatus(&app, &run);
  AddCheckConfig(&app, &run);
  AddReference(&app, /*man_section=*/8, &run);
  const int ours = CutCommand(argc, argv, &command);
  if (int code = 0; !ParseArguments(&app, ours, argv, &code)) return code;
  if (ours < argc && !app.got_subcommand("record") && !app.got_subcommand("top")) {
    return UsageError("profd", "only record and top take a command behind --");
  }
  return run();
}

}  // namespace
}  // namespace profd

int main(int argc, char** argv) {
  return profd::Guarded("profd", [=] { return profd::Main(argc, argv); });
}
