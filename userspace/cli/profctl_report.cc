// profctl report: what takes the time, as a table.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/analysis/table.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/usage.h"
#include "userspace/profile/pprof.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

struct ReportOptions {
  std::vector<std::string> files;
  std::string by = "function";
  size_t rows = 30;
  bool json = false;
};

absl::StatusOr<Profile> ReadProfile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::ostringstream bytes;
  bytes << file.rdbuf();
  auto profile = DecodePprof(bytes.str());
  if (!profile.ok()) {
    return absl::Status(profile.status().code(),
                        absl::StrCat(path, ": ", profile.status().message()));
  }
  return profile;
}

void AddAll(const Profile& from, Profile* to) {
  for (const Profile::Sample& sample : from.samples()) {
    Stack stack;
    for (uint32_t id : from.stack(sample.stack)) {
      const Profile::Location& location = from.locations()[id];
      stack.push_back({from.functions()[location.function], location.line});
    }
    to->Add(to->InternStack(stack), from.labels(sample.labels), sample.count, sample.cpu_ns);
  }
}

void PrintTable(const std::vector<TableRow>& rows, int64_t total_ns, size_t limit) {
  std::cout << absl::StrFormat("%8s %7s %8s %7s  %s\n", "self", "%", "total", "%", "name");
  for (size_t i = 0; i < rows.size() && i < limit; ++i) {
    const TableRow& row = rows[i];
    const double scale = total_ns > 0 ? 100.0 / total_ns : 0;
    std::cout << absl::StrFormat("%7.2fs %6.2f%% %7.2fs %6.2f%%  %s  %s\n", row.self_ns / 1e9,
                                 row.self_ns * scale, row.cumulative_ns / 1e9,
                                 row.cumulative_ns * scale, Printable(row.name),
                                 Printable(row.where));
  }
  if (rows.size() > limit) {
    std::cout << "… " << rows.size() - limit << " more rows (--rows)\n";
  }
}

void PrintJson(const std::vector<TableRow>& rows, int64_t total_ns) {
  nlohmann::ordered_json j;
  j["total_ns"] = total_ns;
  j["rows"] = nlohmann::ordered_json::array();
  for (const TableRow& row : rows) {
    j["rows"].push_back({{"name", row.name},
                         {"where", row.where},
                         {"self_ns", row.self_ns},
                         {"cumulative_ns", row.cumulative_ns},
                         {"samples", row.samples}});
  }
  std::cout << j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

int Report(const ReportOptions& options) {
  auto key = ParseTableKey(options.by);
  if (!key.ok()) return UsageError("profctl", absl::StrCat("--by: ", key.status().message()));
  Profile all;
  for (const std::string& path : options.files) {
    auto profile = ReadProfile(path);
    if (!profile.ok()) return Failure("profctl", profile.status());
    AddAll(*profile, &all);
  }
  const std::vector<TableRow> rows = BuildTable(all, *key);
  if (options.json) {
    PrintJson(rows, TotalNs(all));
  } else {
    PrintTable(rows, TotalNs(all), options.rows);
  }
  return 0;
}

}  // namespace

void AddReport(CLI::App* profctl, Run* run) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* report = profctl->add_subcommand("report", "Print what takes the time, as a table");
  report->add_option("files", options->files, "pprof files, added up")
      ->required()
      ->type_name("FILE");
  report->add_option("--by", options->by, "function, line, file, process, thread [function]")
      ->type_name("KEY");
  report->add_option("--rows", options->rows, "How many rows [30]")->type_name("N");
  report->add_flag("--json", options->json, "Print all rows as JSON");
  report->callback([options, run] { *run = [options] { return Report(*options); }; });
}

}  // namespace profd
