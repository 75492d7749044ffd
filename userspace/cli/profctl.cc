// profctl: everything that reads profiles. Needs no privilege.
#include <CLI/CLI.hpp>
#include <string>

#include "userspace/cli/commands.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  profctl report profiles/                         what takes the time, over all files\n"
    "  profctl report --tree --pid 4242 --from -5m profiles/\n"
    "  profctl merge profiles/ -o day.pb.gz\n"
    "  profctl diff before.pb.gz after.pb.gz\n"
    "For graphs: go tool pprof -http=: FILE, or drop it on speedscope.app";

int Main(int argc, char** argv) {
  CLI::App app("Reads profiles of profd.", "profctl");
  app.set_version_flag("--version", std::string("profctl ") + PROFD_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  Run run;
  AddReport(&app, &run);
  AddConvert(&app, &run);
  AddMerge(&app, &run);
  AddDiff(&app, &run);
  AddCheck(&app, &run);
  AddReference(&app, 1, &run);
  if (int code = 0; !ParseArguments(&app, argc, argv, &code)) return code;
  return run();
}

}  // namespace
}  // namespace profd

int main(int argc, char** argv) {
  return profd::Guarded("profctl", [=] { return profd::Main(argc, argv); });
}
