// profd without a command: the agent. And check-config, for its configuration.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "userspace/agent/agent.h"
#include "userspace/agent/config.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/log.h"
#include "userspace/cli/usage.h"

namespace profd {
namespace {

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
  add("-p,--pid", "pid", "PID,PID...", "Sample these processes, not their children");
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
  StartLog(config->log_level);
  absl::Status status = RunAgent(*config);
  if (!status.ok()) return Failure("profd", status);
  return 0;
}

int CheckConfig(const std::string& file) {
  Config config;
  absl::Status read = LoadConfigFile(file, &config);
  if (read.ok()) read = Validate(config);
  if (!read.ok()) return Failure("profd", read);
  std::cout << file << ": ok\n";
  return 0;
}

}  // namespace

void AddAgent(CLI::App* profd, Run* run) {
  auto flags = std::make_shared<Flags>();
  AddAgentFlags(profd, flags.get());
  *run = [flags] { return RunAgentCommand(*flags); };
}

void AddCheckConfig(CLI::App* profd, Run* run) {
  CLI::App* check =
      profd->add_subcommand("check-config", "Read a configuration file and say what is wrong");
  auto file = std::make_shared<std::string>();
  check->add_option("file", *file, "The file")->required()->type_name("FILE");
  check->callback([file, run] { *run = [file] { return CheckConfig(*file); }; });
}

}  // namespace profd
