// profd dump: what every thread of a process does right now.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "userspace/cli/commands.h"
#include "userspace/cli/log.h"
#include "userspace/cli/usage.h"
#include "userspace/sampling/thread_dump.h"
#include "userspace/text/quantities.h"
#include "userspace/views/dump.h"

namespace profd {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd dump -p 4242\n"
    "  sudo profd dump -p 4242 --json | jq '.[].thread_name'\n"
    "The process is not stopped. Threads that wait have no frames of the kernel.";

struct DumpFlags {
  std::string pid;
  bool json = false;
  bool locals = false;
  bool native = false;
  bool nonblocking = false;
};

int RunDump(const DumpFlags& flags) {
  if (flags.locals) {
    return UsageError("profd dump",
                      "--locals: local variables are not read: they are the program's data");
  }
  auto pids = ParsePids(flags.pid);
  if (!pids.ok()) {
    return UsageError("profd dump", "--pid: " + std::string(pids.status().message()));
  }
  if (pids->size() != 1) return UsageError("profd dump", "--pid: one process at a time");
  StartLog("error");
  if (flags.native) {
    std::cerr << "profd: note: of running threads, kernel frames and the native function on top "
                 "are always shown; whole native stacks are not there yet\n";
  }
  auto dump = DumpThreads(pids->front(), DumpOptions());
  if (!dump.ok()) return Failure("profd", dump.status());
  std::cout << (flags.json ? DumpJson(*dump) : DumpText(*dump)) << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace

void AddDump(CLI::App* profd, Run* run) {
  auto flags = std::make_shared<DumpFlags>();
  CLI::App* dump = profd->add_subcommand("dump", "Print what every thread of a process does now");
  dump->footer(kExamples);
  dump->add_option("-p,--pid", flags->pid, "The process")->required()->type_name("PID");
  dump->add_flag("-j,--json", flags->json, "Print JSON, with py-spy's keys");
  dump->add_flag("-n,--native", flags->native, "Always so: the native leaf of running threads");
  dump->add_flag("--nonblocking", flags->nonblocking, "Always so: nobody is stopped");
  dump->add_flag("-l,--locals", flags->locals)->group("");
  dump->callback([flags, run] { *run = [flags] { return RunDump(*flags); }; });
}

}  // namespace profd
