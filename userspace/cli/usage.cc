#include "userspace/cli/usage.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "userspace/text/nearest.h"
#include "userspace/text/printable.h"

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

std::string UnknownMessage(const CLI::App& app, const std::string& unknown) {
  std::vector<std::string> words = Words(app);
  for (const CLI::App* command : app.get_subcommands()) {
    for (std::string& word : Words(*command)) words.push_back(std::move(word));
  }
  const std::string nearest = Nearest(unknown, words);
  return absl::StrCat("unknown argument ", unknown,
                      nearest.empty() ? "" : absl::StrCat(", did you mean ", nearest, "?"));
}

std::string Message(const CLI::ParseError& error) {
  absl::string_view text = error.what();
  if (absl::ConsumeSuffix(&text, " was given a disallowed flag override")) {
    return absl::StrCat("--", text, " takes no value");
  }
  return std::string(text);
}

// `--all-python=5` is no wish.
void RefuseValuesOfFlags(CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    if (option->get_items_expected_max() == 0) option->disable_flag_override();
  }
  for (CLI::App* command : app->get_subcommands(nullptr)) RefuseValuesOfFlags(command);
}

// Messages may hold names of strangers.
std::string PrintableLines(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, '\n'), "\n",
                       [](std::string* out, absl::string_view line) { *out += Printable(line); });
}

std::string* out_of_memory = nullptr;  // the line that is said then

void SayOutOfMemory() { (void)!write(STDERR_FILENO, out_of_memory->data(), out_of_memory->size()); }

// On whatever thread: containers that were growing are broken for whoever would catch.
[[noreturn]] void EndWithoutMemory() { std::quick_exit(1); }

}  // namespace

int Guarded(absl::string_view program, absl::FunctionRef<int()> main) {
  out_of_memory = new std::string(absl::StrCat(program, ": out of memory\n"));
  std::at_quick_exit(SayOutOfMemory);  // after those that come later: the terminal's
  std::set_new_handler(EndWithoutMemory);
  try {
    const int code = main();
    // What was printed may be no more than a part, as on a full disk.
    if (!std::cout.flush() && code == 0) {
      return Failure(program, absl::DataLossError("standard output cannot be written"));
    }
    return code;
  } catch (const std::exception& error) {
    return Failure(program, absl::InternalError(error.what()));
  }
}

bool ParseArguments(CLI::App* app, int argc, char** argv, int* code) {
  RefuseValuesOfFlags(app);
  try {
    app->parse(argc, argv);
    return true;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = FirstUnknown(*app);
    const int kind = error.get_exit_code();
    if (kind == 0) {  // --help, --version
      app->exit(error);
      *code = 0;
    } else if (!unknown.empty() && (kind == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                                    kind == static_cast<int>(CLI::ExitCodes::RequiredError))) {
      *code = UsageError(app->get_name(), UnknownMessage(*app, unknown));
    } else {
      *code = UsageError(app->get_name(), Message(error));
    }
  }
  return false;
}

int UsageError(absl::string_view program, absl::string_view message) {
  std::cerr << program << ": " << PrintableLines(message) << "\nhint: " << program << " --help\n";
  return 2;
}

int Failure(absl::string_view program, const absl::Status& status) {
  std::cerr << program << ": " << PrintableLines(status.message()) << "\n";
  return 1;
}

}  // namespace profd
