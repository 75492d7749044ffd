#include "userspace/agent/status_report.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/text/log_value.h"

namespace profd {

using nlohmann::ordered_json;

namespace {

ordered_json Counts(const std::vector<std::pair<std::string, uint64_t>>& counts) {
  ordered_json object = ordered_json::object();
  for (const auto& [reason, count] : counts) object[reason] = count;
  return object;
}

// An answer is younger than this unless the agent was busy for longer than it keeps a caller
// waiting.
constexpr absl::Duration kLongestUntold = absl::Seconds(2);

// The infinite past: no time.
absl::Time TimeOf(const ordered_json& value) {
  absl::Time time = absl::InfinitePast();
  std::string error;
  absl::ParseTime(absl::RFC3339_full, value.get<std::string>(), &time, &error);
  return time;
}

}  // namespace

std::string StatusJson(const StatusInputs& in) {
  ordered_json j;
  j["version"] = PROFD_VERSION;
  j["pid"] = getpid();
  j["as_of"] = absl::FormatTime(absl::RFC3339_full, in.as_of, absl::UTCTimeZone());
  j["uptime_seconds"] = absl::ToDoubleSeconds(in.uptime);
  j["rate_hz"] = in.config->rate_hz;
  j["interval_seconds"] = absl::ToDoubleSeconds(in.config->interval);
  j["interpreters"] = in.interpreters;
  j["processes"] = in.processes;
  ordered_json& events = j["events"];
  events["expected"] = in.totals.events.periods;
  events["idle_not_fired"] = in.totals.kernel[COUNT_TICKS_IDLE];
  events["fired"] = in.totals.fired();
  events["samples"] = in.totals.consumer.profiled;
  events["elsewhere"] = in.totals.Elsewhere();
  events["lost"] = Counts(in.totals.Lost());
  events["lost_total"] = in.totals.TotalLost();
  j["imperfect"] = Counts(in.totals.Imperfect());
  ordered_json& files = j["files"];
  files["written"] = in.writer.written;
  files["failed"] = in.writer.failed;
  files["dropped"] = in.writer.dropped;
  files["last"] = in.writer.last_path;
  files["last_error"] = in.writer.last_error;
  files["kept"] = in.writer.spool.files;
  files["kept_bytes"] = in.writer.spool.bytes;
  files["evicted_by_age"] = in.writer.spool.by_age.files;
  files["evicted_by_size"] = in.writer.spool.by_size.files;
  j["unsupported_interpreters"] = ordered_json::array();
  for (const auto& unsupported : in.unsupported) {
    j["unsupported_interpreters"].push_back(
        {{"path", unsupported.path}, {"reason", unsupported.reason}});
  }
  j["kernel_lacks"] = in.kernel_features;
  // Paths come from strangers: any bytes. What is not ASCII is escaped, for terminals' sake.
  return j.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

absl::StatusOr<std::string> StatusText(absl::string_view json, absl::Time now) {
  try {
    const auto j = ordered_json::parse(json.begin(), json.end());
    std::string text;
    absl::StrAppendFormat(
        &text, "profd %s, PID %d, up %s\n", LogValue(j.at("version").get<std::string>()),
        j.at("pid").get<int>(),
        absl::FormatDuration(absl::Seconds(j.at("uptime_seconds").get<int64_t>())));
    if (const absl::Duration age = now - TimeOf(j.at("as_of")); age > kLongestUntold) {
      absl::StrAppendFormat(&text, "stale        of %s ago; the agent does not answer now\n",
                            absl::FormatDuration(absl::Trunc(age, absl::Seconds(1))));
    }
    absl::StrAppendFormat(&text, "rate         %g Hz on each CPU\n", j.at("rate_hz").get<double>());
    absl::StrAppendFormat(&text, "processes    %d of %d interpreter binaries\n",
                          j.at("processes").get<int64_t>(), j.at("interpreters").get<int64_t>());
    const auto& events = j.at("events");
    absl::StrAppendFormat(&text, "events       %d fired of %d expected\n",
                          events.at("fired").get<int64_t>(), events.at("expected").get<int64_t>());
    absl::StrAppendFormat(&text, "  samples    %d\n", events.at("samples").get<int64_t>());
    absl::StrAppendFormat(&text, "  elsewhere  %d (idle, or not of interest)\n",
                          events.at("elsewhere").get<int64_t>());
    absl::StrAppendFormat(&text, "  lost       %d\n", events.at("lost_total").get<int64_t>());
    for (const auto& [reason, count] : events.at("lost").items()) {
      if (count.get<int64_t>() > 0) {
        absl::StrAppendFormat(&text, "    %s  %d\n", LogValue(reason), count.get<int64_t>());
      }
    }
    for (const auto& [reason, count] : j.at("imperfect").items()) {
      if (count.get<int64_t>() > 0) {
        absl::StrAppendFormat(&text, "  %s  %d\n", LogValue(reason), count.get<int64_t>());
      }
    }
    if (const auto lacks = j.at("kernel_lacks").get<std::string>(); !lacks.empty()) {
      absl::StrAppend(&text, "kernel lacks ", LogValue(lacks), "\n");
    }
    const auto& files = j.at("files");
    absl::StrAppendFormat(&text,
                          "files        %d written, %d failed, %d dropped; %d kept (%.1f MiB)\n",
                          files.at("written").get<int64_t>(), files.at("failed").get<int64_t>(),
                          files.at("dropped").get<int64_t>(), files.at("kept").get<int64_t>(),
                          files.at("kept_bytes").get<double>() / (1 << 20));
    if (!files.at("last").get<std::string>().empty()) {
      absl::StrAppend(&text, "last file    ", LogValue(files.at("last").get<std::string>()), "\n");
    }
    if (!files.at("last_error").get<std::string>().empty()) {
      absl::StrAppend(&text, "last error   ", LogValue(files.at("last_error").get<std::string>()),
                      "\n");
    }
    for (const auto& unsupported : j.at("unsupported_interpreters")) {
      absl::StrAppend(&text, "unsupported  ", LogValue(unsupported.at("path").get<std::string>()),
                      ": ", LogValue(unsupported.at("reason").get<std::string>()), "\n");
    }
    return text;
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("not a status of profd: ", error.what()));
  }
}

}  // namespace profd
