#include "userspace/views/top_text.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "userspace/analysis/frame_class.h"
#include "userspace/views/cells.h"
#include "userspace/views/numbers.h"

namespace profd {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

std::string TopText(const TopView& view) {
  std::string text = PlainText(view.Header());
  absl::StrAppend(&text, " %Self   %Cum    Self     Cum  Function  File:line\n");
  const int64_t all = view.stats().interval_ns();
  for (const TopStats::Row* row : view.Rows()) {
    absl::StrAppend(&text, FitRight(ShareCell(row->self.ns, all), 6), " ",
                    FitRight(ShareCell(row->cumulative.ns, all), 6), " ",
                    FitRight(SecondsCell(row->self.total_ns), 7), " ",
                    FitRight(SecondsCell(row->cumulative.total_ns), 7), "  ");
    absl::StrAppend(&text, ToCells(row->function->name), "  ",
                    ToCells(WhereText(*row->function, row->line, view.options().full_filenames)),
                    "\n");
  }
  return text;
}

std::string TopJson(const TopView& view) {
  const TopFacts& facts = view.facts();
  const int64_t all = view.stats().interval_ns();
  nlohmann::ordered_json j;
  j["time"] = view.options().idle ? "wall" : "cpu";
  j["gil_only"] = view.options().gil_only;
  j["interval_seconds"] = absl::ToDoubleSeconds(facts.duration);
  j["processes"] = facts.processes;
  j["threads"] = view.threads();
  j["rate_hz"] = facts.rate_hz;
  j["wanted_rate_hz"] = facts.wanted_hz;
  j["cpu_seconds"] = absl::ToDoubleSeconds(facts.cpu);
  if (facts.gil_held.has_value()) j["gil_held"] = *facts.gil_held;
  j["samples"] = facts.samples;
  j["lost"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : facts.lost) j["lost"][reason] = count;
  j["imperfect"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : facts.imperfect) j["imperfect"][reason] = count;
  j["rows"] = nlohmann::ordered_json::array();
  for (const TopStats::Row* row : view.Rows()) {
    const Function& function = *row->function;
    const absl::string_view kind = FrameClassName(Classify(function));
    j["rows"].push_back({{"function", function.name},
                         {"file", function.file},
                         {"line", row->line > 0 ? row->line : function.first_line},
                         {"kind", std::string(kind)},
                         {"self_share", Share(row->self.ns, all)},
                         {"cumulative_share", Share(row->cumulative.ns, all)},
                         {"self_ns", row->self.total_ns},
                         {"cumulative_ns", row->cumulative.total_ns},
                         {"samples", row->cumulative.samples}});
  }
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace profd
