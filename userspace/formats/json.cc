#include "userspace/formats/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "userspace/formats/json_text.h"
#include "userspace/profile/label_names.h"

namespace profd {
namespace {

// In the order of FrameKind.
constexpr const char* kKinds[] = {"python", "native", "kernel", "marker", "waiting"};

// Lists have an entry a line: they can be read, and compared by diff.
template <typename List, typename Entry>
void AppendList(const char* name, const List& list, const Entry& entry, std::string* out) {
  absl::StrAppend(out, ",\n\"", name, "\": [");
  const char* separator = "\n";
  for (const auto& item : list) {
    *out += separator;
    entry(item);
    separator = ",\n";
  }
  *out += "]";
}

void AppendText(absl::string_view key, const std::string& text, std::string* out) {
  if (text.empty()) return;
  absl::StrAppend(out, ", \"", key, "\": ");
  AppendJsonString(text, out);
}

}  // namespace

std::string EncodeJson(const Recording& recording) {
  const Profile& profile = recording.profile;
  const Window& window = profile.window();
  std::string out = absl::StrCat(
      "{\"format\": \"profd\", \"version\": 1,\n\"start_ns\": ", absl::ToUnixNanos(window.start),
      ", \"duration_ns\": ", absl::ToInt64Nanoseconds(window.duration),
      ", \"period_ns\": ", window.period_ns);
  AppendList(
      "functions", profile.functions(),
      [&out](const auto& function) {
        absl::StrAppend(&out, "{\"kind\": \"", kKinds[static_cast<int>(function->kind)],
                        "\", \"name\": ", JsonString(function->name));
        AppendText("file", function->file, &out);
        if (function->first_line > 0) absl::StrAppend(&out, ", \"line\": ", function->first_line);
        out += "}";
      },
      &out);
  AppendList(
      "frames", profile.locations(),
      [&out](const Profile::Location& location) {
        absl::StrAppend(&out, "[", location.function, ",", location.line, "]");
      },
      &out);
  AppendList(
      "samples", profile.samples(),
      [&](const Profile::Sample& sample) {
        const Labels& labels = profile.labels(sample.labels);
        absl::StrAppend(&out, "{\"count\": ", sample.count, ", \"cpu_ns\": ", sample.cpu_ns);
        if (sample.wall_ns != 0) absl::StrAppend(&out, ", \"wall_ns\": ", sample.wall_ns);
        for (const NumberField& label : kNumberLabels) {
          const int64_t number = labels.*label.value;
          if (number != 0) absl::StrAppend(&out, ", \"", label.name, "\": ", number);
        }
        for (const TextField& label : kTextLabels) {
          AppendText(label.name, labels.*label.value, &out);
        }
        absl::StrAppend(&out, ", \"stack\": [", absl::StrJoin(profile.stack(sample.stack), ","),
                        "]}");
      },
      &out);
  if (!recording.events.empty()) {
    AppendList(
        "events", recording.events,
        [&](const Recording::Event& event) {
          absl::StrAppend(&out, "[", event.time_ns - absl::ToUnixNanos(window.start), ",",
                          event.sample, ",", event.ticks, "]");
        },
        &out);
  }
  AppendList(
      "comments", profile.CommentsWithCounts(),
      [&out](const std::string& comment) { AppendJsonString(comment, &out); }, &out);
  out += "}\n";
  return out;
}

}  // namespace profd
