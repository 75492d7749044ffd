#include "userspace/cli/usage.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "userspace/text/nearest.h"

namespace profd {
namespace {

// The first argument the parser did not know, without its value.
std::string FirstUnknown(const CLI::App& app) {
  for (const std::string& argument : app.remaining(true)) {
    return argument.substr(0, argument.find('='));
  }
  return "";
}

std::vector<std::string> Words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) words.push_back(command->get_name());
  return words;
}

}  // namespace

int Guarded(absl::string_view program, absl::FunctionRef<int()> main) {
  try {
    return main();
  } catch (const std::bad_alloc&) {
    return Failure(program, absl::ResourceExhaustedError("out of memory"));
  } catch (const std::exception& error) {
    return Failure(program, absl::InternalError(error.what()));
  }
}

bool ParseArguments(CLI::App* app, int argc, char** argv, int* code) {
  try {
    app->parse(argc, argv);
    return true;
  } catch (const CLI::ExtrasError&) {
    const std::string unknown = FirstUnknown(*app);
    std::vector<std::string> words = Words(*app);
    for (const CLI::App* command : app->get_subcommands()) {
      for (std::string& word : Words(*command)) words.push_back(std::move(word));
    }
    const std::string nearest = Nearest(unknown, words);
    std::string message = "unknown argument " + unknown;
    if (!nearest.empty()) message += ", did you mean " + nearest + "?";
    *code = UsageError(app->get_name(), message);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app->exit(error);
      *code = 0;
    } else {
      *code = UsageError(app->get_name(), error.what());
    }
  }
  return false;
}

int UsageError(absl::string_view program, absl::string_view message) {
  std::cerr << program << ": " << message << "\nhint: " << program << " --help\n";
  return 2;
}

int Failure(absl::string_view program, const absl::Status& status) {
  std::cerr << program << ": " << status.message() << "\n";
  return 1;
}

}  // namespace profd
