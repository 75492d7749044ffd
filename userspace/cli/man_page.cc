#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "userspace/cli/reference.h"

namespace profd {
namespace {

// man(7): a backslash escapes, a dash may become a hyphen, a dot or quote begins a request.
std::string Roff(absl::string_view text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines) {
    line = absl::StrReplaceAll(line, {{"\\", "\\e"}, {"-", "\\-"}});
    if (!line.empty() && (line[0] == '.' || line[0] == '\'')) line.insert(0, "\\&");
  }
  return absl::StrJoin(lines, "\n");
}

std::string Options(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    std::vector<std::string> spellings;
    for (const std::string& name : option->get_snames()) spellings.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) spellings.push_back("--" + name);
    const bool positional = spellings.empty();
    const bool valued = option->get_items_expected_max() != 0;
    absl::StrAppend(
        &out, ".TP\n", positional ? ".I " : ".B ",
        Roff(positional ? option->get_name() : absl::StrJoin(spellings, ", ")),
        valued && !positional ? absl::StrCat(" \\fI", Roff(option->get_type_name()), "\\fR") : "",
        "\n", Roff(option->get_description()), "\n");
  }
  return out;
}

// "profd record [OPTIONS] [-- COMMAND…]", as --help has it.
std::string Usage(const CLI::App& command, const std::string& program) {
  const std::string help = command.help(program);
  for (absl::string_view line : absl::StrSplit(help, '\n')) {
    if (absl::ConsumePrefix(&line, "Usage: ")) return std::string(line);
  }
  return absl::StrCat(program, " ", command.get_name());
}

}  // namespace

std::string ManPage(const CLI::App& app, int section) {
  const std::string& name = app.get_name();
  std::string out =
      absl::StrCat(".TH ", absl::AsciiStrToUpper(name), " ", section, "\n.SH NAME\n", name, " \\- ",
                   Roff(app.get_description()), "\n.SH SYNOPSIS\n.B ", name,
                   "\n[\\fIoptions\\fR] [\\fIcommand\\fR]\n.SH OPTIONS\n", Options(app));
  std::string commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;  // hidden
    absl::StrAppend(&commands, ".SS ", name, " ", Roff(command->get_name()), "\n",
                    Roff(command->get_description()), "\n.PP\n.B ", Roff(Usage(*command, name)),
                    "\n", Options(*command));
    const std::string footer = command->get_footer();
    if (!footer.empty() && footer != app.get_footer()) {  // CLI11 hands the program's own down
      absl::StrAppend(&commands, ".PP\n.nf\n", Roff(footer), "\n.fi\n");
    }
  }
  if (!commands.empty()) absl::StrAppend(&out, ".SH COMMANDS\n", commands);
  if (const std::string footer = app.get_footer(); !footer.empty()) {
    absl::StrAppend(&out, ".SH EXAMPLES\n.nf\n", Roff(absl::StripPrefix(footer, "Examples:\n")),
                    "\n.fi\n");
  }
  return out;
}

}  // namespace profd
