// profd: everything that samples.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "userspace/agent/agent.h"
#include "userspace/agent/config.h"
#include "userspace/agent/status_report.h"
#include "userspace/agent/status_socket.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  sudo profd --all-python --interval 10s        every Python process on this host\n"
    "  sudo profd --pid 4242 --rate 1khz --duration 30s\n"
    "  profd status                                  what a running agent does and has lost\n"
    "Open a profile with: go tool pprof -http=: FILE, or drop it on speedscope.app";

// Flags as typed, by setting; applied over the configuration file.
struct Flags {
  std::map<std::string, std::string> values;
  std::map<std::string, const CLI::Option*> options;
  bool all_python = false;

  bool Given(const std::string& setting) const { return options.at(setting)->count() > 0; }
  std::string config_file;
};

void AddAgentFlags(CLI::App* app, Flags* flags) {
  app->add_flag("--all-python", flags->all_python, "Sample every Python process");
  auto add = [&](const char* name, const char* setting, const char* type, const char* help) {
    flags->options[setting] = app->add_option(name, flags->values[setting], help)->type_name(type);
  };
  add("-p,--pid", "pid", "PID,…", "Sample these processes");
  add("--comm", "comm", "REGEX", "Sample Python processes whose name matches");
  add("--interval", "interval", "DURATION", "Write a profile this often [10s]");
  add("-r,--rate", "rate", "RATE", "Samples a second on each CPU: 99, 1khz [99]");
  add("-d,--duration", "duration", "DURATION", "Stop after this time [never]");
  add("-o,--output", "output", "DIR", "Where profiles go [profiles]");
  add("--host", "host", "NAME", "Name of the folder below it [the host name]");
  add("--keep", "keep", "DURATION", "Delete profiles older than this [24h]");
  add("--max-size", "max-size", "SIZE", "Delete the oldest beyond this size [2GiB]");
  add("--socket", "socket", "PATH", "Where profd status asks [/run/profd/profd.sock]");
  add("--log-level", "log-level", "LEVEL", "trace, debug, info, warn, error, off [info]");
  app->add_option("--config", flags->config_file, "YAML file with the same names as these flags")
      ->type_name("FILE");
}

absl::StatusOr<Config> MakeConfig(const Flags& flags) {
  Config config;
  if (!flags.config_file.empty()) {
    if (absl::Status status = LoadConfigFile(flags.config_file, &config); !status.ok()) {
      return status;
    }
  }
  if (flags.all_python || flags.Given("pid") || flags.Given("comm")) ClearSelection(&config);
  if (flags.all_python) config.all_python = true;
  for (const auto& [setting, value] : flags.values) {
    if (!flags.Given(setting)) continue;
    if (absl::Status status = SetOption(&config, setting, value); !status.ok()) {
      return absl::InvalidArgumentError("--" + std::string(status.message()));
    }
  }
  if (absl::Status status = Validate(config); !status.ok()) return status;
  return config;
}

int RunAgentCommand(const Flags& flags) {
  auto config = MakeConfig(flags);
  if (!config.ok()) return UsageError("profd", config.status().message());
  auto logger = spdlog::stderr_color_mt("profd");
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  if (no_color != nullptr && *no_color != '\0') {
    static_cast<spdlog::sinks::stderr_color_sink_mt&>(*logger->sinks().front())
        .set_color_mode(spdlog::color_mode::never);
  }
  logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%e%z level=%^%l%$ %v");
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(config->log_level));
  absl::Status status = RunAgent(*config);
  if (!status.ok()) return Failure("profd", status);
  return 0;
}

int RunStatusCommand(const std::string& socket, bool json) {
  auto answer = QueryStatus(socket);
  if (!answer.ok()) return Failure("profd", answer.status());
  if (json) {
    std::cout << *answer;
    return 0;
  }
  auto text = StatusText(*answer);
  if (!text.ok()) return Failure("profd", text.status());
  std::cout << *text;
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Samples the CPU of Python processes on this host; writes pprof profiles.", "profd");
  app.set_version_flag("--version", std::string("profd ") + PROFD_VERSION);
  app.footer(kExamples);
  Flags flags;
  AddAgentFlags(&app, &flags);

  CLI::App* check =
      app.add_subcommand("check-config", "Read a configuration file and say what is wrong");
  std::string checked_file;
  check->add_option("file", checked_file, "The file")->required()->type_name("FILE");

  CLI::App* status = app.add_subcommand("status", "Show what a running agent does and has lost");
  std::string socket = Config().socket;
  bool json = false;
  status->add_option("--socket", socket, "The agent's socket")->type_name("PATH");
  status->add_flag("--json", json, "Print JSON");

  if (int code = 0; !ParseArguments(&app, argc, argv, &code)) return code;
  if (*check) {
    Config config;
    absl::Status read = LoadConfigFile(checked_file, &config);
    if (read.ok()) read = Validate(config);
    if (!read.ok()) return Failure("profd", read);
    std::cout << checked_file << ": ok\n";
    return 0;
  }
  if (*status) return RunStatusCommand(socket, json);
  return RunAgentCommand(flags);
}

}  // namespace
}  // namespace profd

int main(int argc, char** argv) { return profd::Main(argc, argv); }
