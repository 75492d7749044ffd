#include "userspace/formats/firefox.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/frame_text.h"
#include "userspace/formats/json_text.h"
#include "userspace/formats/prefix_tree.h"
#include "userspace/formats/tracks.h"

namespace profd {
namespace {

constexpr size_t kMaxBytes = size_t{500} << 20;
constexpr int kGeckoVersion = 24;
constexpr int kProcessedVersion = 60;

// In the order of FrameKind; colours are those that the profiler knows by name.
constexpr struct {
  const char* name;
  const char* color;
} kCategories[] = {{"Python", "yellow"},
                   {"Native", "blue"},
                   {"Kernel", "orange"},
                   {"Other", "grey"},
                   {"Waiting", "transparent"}};
constexpr int kOther = 3;

class Encoder {
 public:
  Encoder(const Recording& recording, const FormatOptions& options)
      : recording_(recording), profile_(recording.profile), options_(options) {
    start_ns_ = absl::ToUnixNanos(profile_.window().start);
    if (!recording.events.empty()) {
      start_ns_ = start_ns_ > 0 ? std::min(start_ns_, recording.events.front().time_ns)
                                : recording.events.front().time_ns;
    }
    for (size_t i = 0; i < profile_.stack_count(); ++i) {
      nodes_.push_back(tree_.Add(profile_.stack(static_cast<Profile::StackId>(i))));
    }
  }

  absl::StatusOr<std::string> Encode() {
    out_ += "{";
    Meta();
    out_ += R"("libs":[],"pages":[],"threads":[)";
    for (const Track& track : TracksOf(recording_)) {
      Thread(track);
      if (out_.size() > kMaxBytes) break;
    }
    EndList();
    out_ += ",";
    Shared();
    out_ += "}\n";
    if (out_.size() > kMaxBytes) {
      return absl::ResourceExhaustedError(
          "firefox: the recording is longer than a browser can open: take a part of it (--from, "
          "--to)");
    }
    return std::move(out_);
  }

 private:
  void EndList() {
    if (out_.back() == ',') out_.pop_back();
    out_ += "]";
  }

  // `"name":[a,b,…],` with what `text(i)` says.
  template <typename Text>
  void Column(const char* name, size_t length, const Text& text) {
    absl::StrAppend(&out_, "\"", name, "\":[");
    for (size_t i = 0; i < length; ++i) absl::StrAppend(&out_, text(i), ",");
    EndList();
    out_ += ",";
  }
  void Constant(const char* name, size_t length, absl::string_view value) {
    Column(name, length, [value](size_t) { return value; });
  }
  void Length(size_t length) { absl::StrAppend(&out_, R"("length":)", length, "}"); }

  uint32_t String(absl::string_view text) {
    const auto [entry, is_new] =
        string_ids_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
    if (is_new) strings_.push_back(text);
    return entry->second;
  }

  void Meta() {
    const int64_t period_ns = profile_.window().period_ns;
    absl::StrAppend(&out_, R"("meta":{"version":)", kGeckoVersion,
                    R"(,"preprocessedProfileVersion":)", kProcessedVersion, R"(,"interval":)",
                    DecimalMilliseconds(period_ns > 0 ? period_ns : 1'000'000), R"(,"startTime":)",
                    DecimalMilliseconds(start_ns_), R"(,"processType":0,"product":)",
                    JsonString(options_.title.empty() ? "profd" : options_.title),
                    R"(,"importedFrom":"profd","stackwalk":1,"debug":false,"symbolicated":true,)",
                    R"("usesOnlyOneStackType":true,"sourceCodeIsNotOnSearchfox":true,)",
                    R"("extensions":{"baseURL":[],"id":[],"name":[],"length":0},)",
                    R"("markerSchema":[],"sampleUnits":)",
                    R"({"time":"ms","eventDelay":"ms","threadCPUDelta":"ns"},"categories":[)");
    for (const auto& category : kCategories) {
      absl::StrAppend(&out_, R"({"name":")", category.name, R"(","color":")", category.color,
                      R"(","subcategories":["Other"]},)");
    }
    EndList();
    out_ += "},";
  }

  std::string Time(int64_t time_ns) const { return DecimalMilliseconds(time_ns - start_ns_); }

  void Thread(const Track& track) {
    const auto& events = recording_.events;
    const Labels& labels = *track.labels;
    absl::StrAppend(
        &out_, R"({"processType":"default","processName":)", JsonString(ProcessName(labels)),
        R"(,"name":)", JsonString(track.is_main() ? ProcessName(labels) : ThreadName(labels)),
        R"(,"isMainThread":)", track.is_main() ? "true" : "false", R"(,"pid":")", track.pid,
        R"(","tid":")", track.tid, R"(","processStartupTime":0,"processShutdownTime":null,)",
        R"("registerTime":)", Time(events[track.events.front()].time_ns),
        R"(,"unregisterTime":null,"pausedRanges":[],"samples":{)");
    const size_t n = track.events.size();
    const auto event = [&](size_t i) -> const Recording::Event& { return events[track.events[i]]; };
    Column("stack", n, [&](size_t i) {
      const Profile::Sample& sample = profile_.samples()[event(i).sample];
      const uint32_t node = nodes_[static_cast<size_t>(sample.stack)];
      return node == PrefixTree::kNone ? std::string("null") : absl::StrCat(node);
    });
    Column("time", n, [&](size_t i) { return Time(event(i).time_ns); });
    Column("weight", n, [&](size_t i) { return event(i).ticks; });
    out_ += R"("weightType":"samples",)";
    Length(n);
    out_ += R"(,"markers":{"data":[],"name":[],"startTime":[],"endTime":[],"phase":[],)";
    out_ += R"("category":[],"length":0}},)";
  }

  void Shared() {
    out_ += R"("shared":{"stackTable":{)";
    const auto nodes = tree_.nodes();
    Column("frame", nodes.size(), [&](size_t i) { return nodes[i].frame; });
    Column("prefix", nodes.size(), [&](size_t i) {
      return nodes[i].parent == PrefixTree::kNone ? std::string("null")
                                                  : absl::StrCat(nodes[i].parent);
    });
    Length(nodes.size());
    out_ += R"(,"frameTable":{)";
    const auto locations = profile_.locations();
    const size_t n = locations.size();
    Constant("address", n, "-1");
    Constant("inlineDepth", n, "0");
    Column("category", n, [&](size_t i) {
      return static_cast<int>(profile_.functions()[locations[i].function]->kind);
    });
    Constant("subcategory", n, "0");
    Column("func", n, [&](size_t i) { return locations[i].function; });
    Constant("nativeSymbol", n, "null");
    Constant("innerWindowID", n, "null");
    Column("line", n, [&](size_t i) { return NumberOrNull(locations[i].line); });
    Constant("column", n, "null");
    Length(n);
    out_ += ",";
    Functions();
    out_ += R"(,"nativeSymbols":{"libIndex":[],"address":[],"name":[],"functionSize":[],)";
    out_ += R"("length":0},"stringArray":[)";
    for (const absl::string_view text : strings_) {
      AppendJsonString(text, &out_);
      out_ += ",";
    }
    EndList();
    out_ += "}";
  }

  static std::string NumberOrNull(int number) {
    return number > 0 ? absl::StrCat(number) : std::string("null");
  }

  // Native functions belong to a resource, their object file; the others to a source.
  void Functions() {
    constexpr int kLibraryResource = 1;
    const auto functions = profile_.functions();
    const size_t n = functions.size();
    std::vector<uint32_t> sources, resources;  // strings
    absl::flat_hash_map<uint32_t, size_t> source_ids, resource_ids;
    std::vector<std::optional<size_t>> source_of(n), resource_of(n);
    for (size_t i = 0; i < n; ++i) {
      if (functions[i]->file.empty()) continue;
      const bool native = functions[i]->kind == FrameKind::kNative;
      const uint32_t text = String(functions[i]->file);
      std::vector<uint32_t>& table = native ? resources : sources;
      const auto [entry, is_new] =
          (native ? resource_ids : source_ids).try_emplace(text, table.size());
      if (is_new) table.push_back(text);
      (native ? resource_of : source_of)[i] = entry->second;
    }
    out_ += R"("funcTable":{)";
    Column("name", n, [&](size_t i) {
      return String(functions[i]->name.empty() ? kUnnamed : absl::string_view(functions[i]->name));
    });
    Constant("isJS", n, "false");
    Constant("relevantForJS", n, "false");
    Column("resource", n, [&](size_t i) {
      return resource_of[i] ? absl::StrCat(*resource_of[i]) : std::string("-1");
    });
    Column("source", n, [&](size_t i) {
      return source_of[i] ? absl::StrCat(*source_of[i]) : std::string("null");
    });
    Column("lineNumber", n, [&](size_t i) { return NumberOrNull(functions[i]->first_line); });
    Constant("columnNumber", n, "null");
    Length(n);
    out_ += R"(,"resourceTable":{)";
    Column("type", resources.size(), [](size_t) { return kLibraryResource; });
    Column("name", resources.size(), [&](size_t i) { return resources[i]; });
    Constant("lib", resources.size(), "null");
    Constant("host", resources.size(), "null");
    Length(resources.size());
    out_ += R"(,"sources":{)";
    Constant("uuid", sources.size(), "null");
    Column("filename", sources.size(), [&](size_t i) { return sources[i]; });
    Length(sources.size());
  }

  const Recording& recording_;
  const Profile& profile_;
  const FormatOptions& options_;
  int64_t start_ns_ = 0;
  PrefixTree tree_;
  std::vector<uint32_t> nodes_;  // by stack
  std::vector<absl::string_view> strings_;
  absl::flat_hash_map<absl::string_view, uint32_t> string_ids_;
  std::string out_;
};

static_assert(static_cast<int>(FrameKind::kMarker) == kOther);

}  // namespace

absl::StatusOr<std::string> EncodeFirefox(const Recording& recording,
                                          const FormatOptions& options) {
  if (recording.events.empty() && !recording.profile.samples().empty()) {
    return absl::InvalidArgumentError(
        "firefox: a timeline needs the time of each sample, and this profile has none; recordings "
        "have them (profd record -o FILE.otlp)");
  }
  return Encoder(recording, options).Encode();
}

}  // namespace profd
