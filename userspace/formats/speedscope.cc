#include "userspace/formats/speedscope.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/frame_text.h"
#include "userspace/formats/json_text.h"
#include "userspace/formats/tracks.h"

namespace profd {
namespace {

// JavaScript engines hold no longer string, and speedscope parses the file as one.
constexpr size_t kMaxBytes = size_t{500} << 20;

class Encoder {
 public:
  Encoder(const Recording& recording, const FormatOptions& options)
      : recording_(recording), profile_(recording.profile), options_(options) {
    for (const Profile::Sample& sample : profile_.samples()) has_time_ |= TimeNs(sample) > 0;
  }

  absl::StatusOr<std::string> Encode() {
    absl::StrAppend(&out_, R"({"$schema":"https://www.speedscope.app/file-format-schema.json",)",
                    R"("exporter":"profd","name":)",
                    JsonString(options_.title.empty() ? "profd" : options_.title), ",",
                    R"("activeProfileIndex":0,"shared":{"frames":[)");
    for (const Profile::Location& location : profile_.locations()) Frame(location);
    EndList();
    out_ += R"(},"profiles":[)";
    if (recording_.events.empty()) {
      Everything();
    } else {
      for (const Track& track : TracksOf(recording_)) {
        if (out_.size() > kMaxBytes) break;
        Thread(track);
      }
    }
    EndList();
    out_ += "}\n";
    if (out_.size() > kMaxBytes) {
      return absl::ResourceExhaustedError(
          "speedscope: the recording is longer than a browser can open: take a part of it (--from, "
          "--to)");
    }
    return std::move(out_);
  }

 private:
  void EndList() {
    if (out_.back() == ',') out_.pop_back();
    out_ += "]";
  }

  void Frame(const Profile::Location& location) {
    const Function& function = *profile_.functions()[location.function];
    out_ += R"({"name":)";
    AppendJsonString(function.name.empty() ? kUnnamed : function.name, &out_);
    if (!function.file.empty()) {
      out_ += R"(,"file":)";
      AppendJsonString(function.file, &out_);
    }
    const int line =
        ShownLine(function, location.line, options_.lines.value_or(FrameLines::kExecuted));
    if (line > 0) absl::StrAppend(&out_, R"(,"line":)", line);
    out_ += "},";
  }

  void Stack(const Profile::Sample& sample) {
    const absl::Span<const uint32_t> stack = profile_.stack(sample.stack);
    out_ += "[";
    for (size_t i = stack.size(); i-- > 0;) absl::StrAppend(&out_, stack[i], i > 0 ? "," : "");
    out_ += "],";
  }

  void Head(const std::string& name) {
    absl::StrAppend(&out_, R"({"type":"sampled","name":)", JsonString(name), R"(,"unit":")",
                    has_time_ ? "seconds" : "none", R"(","startValue":0,"samples":[)");
  }

  std::string Weight(int64_t weight) const {
    return has_time_ ? DecimalSeconds(weight) : absl::StrCat(weight);
  }

  void Tail(const std::vector<int64_t>& weights) {
    EndList();
    out_ += R"(,"weights":[)";
    int64_t sum = 0;
    for (const int64_t weight : weights) {
      absl::StrAppend(&out_, Weight(weight), ",");
      sum += weight;
    }
    EndList();
    absl::StrAppend(&out_, R"(,"endValue":)", Weight(sum), "},");
  }

  void Everything() {
    Head("all threads");
    std::vector<int64_t> weights;
    for (const Profile::Sample& sample : profile_.samples()) {
      Stack(sample);
      weights.push_back(has_time_ ? TimeNs(sample) : sample.count);
    }
    Tail(weights);
  }

  void Thread(const Track& track) {
    Head(absl::StrCat(ProcessName(*track.labels), " · ", ThreadName(*track.labels)));
    std::vector<int64_t> weights;
    const int64_t period_ns = has_time_ ? profile_.window().period_ns : 1;
    uint32_t last = 0;
    for (const uint32_t i : track.events) {
      if (out_.size() > kMaxBytes) return;
      const Recording::Event& event = recording_.events[i];
      const int64_t weight = event.ticks * period_ns;
      if (!weights.empty() && event.sample == last) {
        weights.back() += weight;
        continue;
      }
      last = event.sample;
      Stack(profile_.samples()[last]);
      weights.push_back(weight);
    }
    Tail(weights);
  }

  const Recording& recording_;
  const Profile& profile_;
  const FormatOptions& options_;
  bool has_time_ = false;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> EncodeSpeedscope(const Recording& recording,
                                             const FormatOptions& options) {
  return Encoder(recording, options).Encode();
}

}  // namespace profd
