// profd status: what a running agent does and has lost.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "userspace/agent/config.h"
#include "userspace/agent/status_report.h"
#include "userspace/agent/status_socket.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

int RunStatusCommand(const std::string& socket, bool json) {
  auto answer = QueryStatus(socket);
  if (!answer.ok()) return Failure("profd", answer.status());
  if (json) {
    std::cout << *answer;
    return 0;
  }
  auto text = StatusText(*answer, absl::Now());
  if (!text.ok()) return Failure("profd", text.status());
  std::cout << *text;
  return 0;
}

}  // namespace

void AddStatus(CLI::App* profd, Run* run) {
  struct Flags {
    std::string socket = Config().socket;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* status = profd->add_subcommand("status", "Show what a running agent does and has lost");
  status->add_option("--socket", flags->socket, "The agent's socket")->type_name("PATH");
  status->add_flag("--json", flags->json, "Print JSON");
  status->callback(
      [flags, run] { *run = [flags] { return RunStatusCommand(flags->socket, flags->json); }; });
}

}  // namespace profd
