#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/profile.pb.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/label_names.h"
#include "userspace/profile/pprof.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

namespace pb = ::perftools::profiles;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr size_t kMaxKnownLabels = 1 << 16;
constexpr int kMaxKnownSize = 64;  // labels of a sample

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("pprof: ", what));
}

// A message of two bytes takes eighty as an object: a file is therefore never parsed as one
// pb::Profile, but one entry at a time, in several passes over the bytes.
class Decoder {
 public:
  Decoder(absl::string_view bytes, const DecodeOptions& options)
      : bytes_(bytes), options_(options), profile_(options.limits) {}

  absl::StatusOr<Profile> Decode() {
    for (const auto pass : {&Decoder::Tables, &Decoder::Locations, &Decoder::Samples}) {
      if (absl::Status status = (this->*pass)(); !status.ok()) return status;
    }
    return std::move(profile_);
  }

 private:
  struct FunctionEntry {
    int64_t name;
    int64_t file;
    int64_t first_line;
    std::shared_ptr<const Function> function;  // in the mapping it was first seen in
    uint64_t mapping = 0;
  };

  // Calls `visit(field, payload)` for each length-delimited field of the profile, and
  // `number(field, value)` for each varint.
  template <typename Visit, typename Number>
  absl::Status ForEachField(const Visit& visit, const Number& number) {
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes_.data()),
                        static_cast<int>(bytes_.size()));
    while (const uint32_t tag = in.ReadTag()) {
      const int field = WireFormatLite::GetTagFieldNumber(tag);
      if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        uint32_t length;
        if (!in.ReadVarint32(&length)) return Malformed("truncated");
        const size_t at = static_cast<size_t>(in.CurrentPosition());
        if (length > bytes_.size() - at) return Malformed("truncated");
        if (length > options_.max_entry_bytes && field != pb::Profile::kCommentFieldNumber) {
          return absl::ResourceExhaustedError(absl::StrCat("pprof: entry of ", length, " bytes"));
        }
        if (absl::Status s = visit(field, bytes_.substr(at, length)); !s.ok()) return s;
        in.Skip(static_cast<int>(length));
      } else if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT) {
        uint64_t value;
        if (!in.ReadVarint64(&value)) return Malformed("truncated");
        if (absl::Status s = number(field, static_cast<int64_t>(value)); !s.ok()) return s;
      } else if (!WireFormatLite::SkipField(&in, tag)) {
        return Malformed("damaged field");
      }
    }
    if (!in.ConsumedEntireMessage() || static_cast<size_t>(in.CurrentPosition()) != bytes_.size()) {
      return Malformed("damaged field");
    }
    return absl::OkStatus();
  }

  static absl::Status Ignore(int, int64_t) { return absl::OkStatus(); }

  template <typename Message>
  static absl::Status Parse(absl::string_view payload, Message* message) {
    if (!message->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return Malformed(absl::StrCat("damaged ", message->GetTypeName()));
    }
    return absl::OkStatus();
  }

  absl::Status CountEntry() {
    if (++entries_ <= options_.max_entries) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("pprof: more than ", options_.max_entries, " entries"));
  }

  absl::Status String(int64_t index, absl::string_view* text) const {
    if (index < 0 || static_cast<uint64_t>(index) >= strings_.size()) {
      return Malformed(absl::StrCat("string ", index, " of ", strings_.size()));
    }
    *text = strings_[static_cast<size_t>(index)];
    return absl::OkStatus();
  }

  absl::Status OwnString(int64_t index, std::string* text) const {
    absl::string_view view;
    if (absl::Status s = String(index, &view); !s.ok()) return s;
    *text = ToUtf8(view, std::max<size_t>(view.size() * 3, 3));
    return absl::OkStatus();
  }

  // Strings, value types, mappings, functions and the numbers of the head.
  absl::Status Tables() {
    std::vector<pb::ValueType> types;
    std::vector<int64_t> comments;
    Window window;
    const auto visit = [&](int field, absl::string_view payload) -> absl::Status {
      switch (field) {
        case pb::Profile::kStringTableFieldNumber:
          strings_.push_back(payload);
          return CountEntry();
        case pb::Profile::kSampleTypeFieldNumber:
          if (types.size() >= 64) return Malformed("more than 64 sample types");
          return Parse(payload, &types.emplace_back());
        case pb::Profile::kMappingFieldNumber:
          return AddMapping(payload);
        case pb::Profile::kFunctionFieldNumber:
          return AddFunction(payload);
        case pb::Profile::kCommentFieldNumber:
          return UnpackComments(payload, &comments);
        default:
          return absl::OkStatus();
      }
    };
    const auto number = [&](int field, int64_t value) -> absl::Status {
      switch (field) {
        case pb::Profile::kTimeNanosFieldNumber:
          window.start = absl::FromUnixNanos(value);
          break;
        case pb::Profile::kDurationNanosFieldNumber:
          window.duration = absl::Nanoseconds(value);
          break;
        case pb::Profile::kPeriodFieldNumber:
          window.period_ns = value;
          break;
        case pb::Profile::kCommentFieldNumber:
          comments.push_back(value);
          return CountEntry();
        default:
          break;
      }
      return absl::OkStatus();
    };
    if (absl::Status s = ForEachField(visit, number); !s.ok()) return s;
    if (strings_.empty() || !strings_[0].empty()) return Malformed("string 0 is not empty");
    profile_.set_window(window);
    for (const int64_t comment : comments) {
      absl::string_view line;
      if (absl::Status s = String(comment, &line); !s.ok()) return s;
      profile_.AddComment(texts_.Of(line));
    }
    return FindValues(types);
  }

  absl::Status UnpackComments(absl::string_view payload, std::vector<int64_t>* comments) {
    CodedInputStream in(reinterpret_cast<const uint8_t*>(payload.data()),
                        static_cast<int>(payload.size()));
    uint64_t value;
    while (static_cast<size_t>(in.CurrentPosition()) < payload.size()) {
      if (!in.ReadVarint64(&value)) return Malformed("damaged comments");
      comments->push_back(static_cast<int64_t>(value));
      if (absl::Status s = CountEntry(); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status FindValues(const std::vector<pb::ValueType>& types) {
    for (size_t i = 0; i < types.size(); ++i) {
      absl::string_view type, unit;
      if (absl::Status s = String(types[i].type(), &type); !s.ok()) return s;
      if (absl::Status s = String(types[i].unit(), &unit); !s.ok()) return s;
      if (unit == "count" && !count_value_) count_value_ = i;
      if (type == "cpu" && unit == "nanoseconds") cpu_value_ = i;
      if (type == "wall" && unit == "nanoseconds") wall_value_ = i;
    }
    if (!cpu_value_) return Malformed("not a CPU profile: no sample type cpu/nanoseconds");
    value_count_ = types.size();
    return absl::OkStatus();
  }

  absl::Status AddMapping(absl::string_view payload) {
    pb::Mapping mapping;
    if (absl::Status s = Parse(payload, &mapping); !s.ok()) return s;
    if (mapping.id() == 0 || !mappings_.emplace(mapping.id(), mapping.filename()).second) {
      return Malformed(absl::StrCat("mapping ID ", mapping.id(), " is 0 or there twice"));
    }
    return CountEntry();
  }

  absl::Status AddFunction(absl::string_view payload) {
    pb::Function f;
    if (absl::Status s = Parse(payload, &f); !s.ok()) return s;
    const FunctionEntry entry{f.name(), f.filename(), f.start_line()};
    if (f.id() == 0 || !functions_.emplace(f.id(), entry).second) {
      return Malformed(absl::StrCat("function ID ", f.id(), " is 0 or there twice"));
    }
    return CountEntry();
  }

  absl::Status MakeFunction(uint64_t id, uint64_t mapping,
                            std::shared_ptr<const Function>* function) {
    const auto found = functions_.find(id);
    if (found == functions_.end()) return Malformed(absl::StrCat("no function ", id));
    FunctionEntry& entry = found->second;
    if (entry.function != nullptr && entry.mapping == mapping) {
      *function = entry.function;
      return absl::OkStatus();
    }
    absl::string_view object;
    if (mapping != 0) {
      const auto m = mappings_.find(mapping);
      if (m == mappings_.end()) return Malformed(absl::StrCat("no mapping ", mapping));
      if (absl::Status s = String(m->second, &object); !s.ok()) return s;
    }
    Function made;
    made.kind = object == kPythonMapping    ? FrameKind::kPython
                : object == kKernelMapping  ? FrameKind::kKernel
                : object == kMarkerMapping  ? FrameKind::kMarker
                : object == kWaitingMapping ? FrameKind::kWaiting
                                            : FrameKind::kNative;
    if (absl::Status s = OwnString(entry.name, &made.name); !s.ok()) return s;
    if (absl::Status s = OwnString(entry.file, &made.file); !s.ok()) return s;
    if (made.kind == FrameKind::kNative && made.file.empty() && object != kUnknownMapping) {
      made.file = ToUtf8(object, std::max<size_t>(object.size() * 3, 3));
    }
    made.first_line = Line(entry.first_line);
    if (absl::Status s = Own(std::move(made), function); !s.ok()) return s;
    entry.function = *function;
    entry.mapping = mapping;
    return absl::OkStatus();
  }

  absl::Status Own(Function made, std::shared_ptr<const Function>* function) {
    made_bytes_ += sizeof(made) + made.name.size() + made.file.size();
    if (made_bytes_ > options_.limits.function_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat("pprof: functions take more than ",
                                                       options_.limits.function_bytes, " bytes"));
    }
    *function = std::make_shared<const Function>(std::move(made));
    return absl::OkStatus();
  }

  static int Line(int64_t line) {
    return line < 0 || line > std::numeric_limits<int>::max() ? 0 : static_cast<int>(line);
  }

  absl::Status Locations() {
    pb::Location location;
    return ForEachField(
        [&](int field, absl::string_view payload) -> absl::Status {
          if (field != pb::Profile::kLocationFieldNumber) return absl::OkStatus();
          if (absl::Status s = Parse(payload, &location); !s.ok()) return s;
          if (absl::Status s = CountEntry(); !s.ok()) return s;
          return AddLocation(location);
        },
        Ignore);
  }

  absl::Status AddLocation(const pb::Location& location) {
    const auto [entry, is_new] =
        locations_.try_emplace(location.id(), std::make_pair(frames_.size(), size_t{0}));
    if (location.id() == 0 || !is_new) {
      return Malformed(absl::StrCat("location ID ", location.id(), " is 0 or there twice"));
    }
    for (const pb::Line& line : location.line()) {
      if (absl::Status s = CountEntry(); !s.ok()) return s;
      Frame frame;
      if (absl::Status s = MakeFunction(line.function_id(), location.mapping_id(), &frame.function);
          !s.ok()) {
        return s;
      }
      frame.line = Line(line.line());
      frames_.push_back(std::move(frame));
    }
    if (location.line().empty()) {
      Function unnamed{.kind = FrameKind::kNative,
                       .name = absl::StrCat("0x", absl::Hex(location.address()))};
      Frame& frame = frames_.emplace_back();
      if (absl::Status s = Own(std::move(unnamed), &frame.function); !s.ok()) return s;
    }
    entry->second.second = frames_.size();
    return absl::OkStatus();
  }

  absl::Status Samples() {
    pb::Sample sample;
    Stack stack;
    return ForEachField(
        [&](int field, absl::string_view payload) -> absl::Status {
          if (field != pb::Profile::kSampleFieldNumber) return absl::OkStatus();
          if (absl::Status s = Parse(payload, &sample); !s.ok()) return s;
          if (absl::Status s = CountEntry(); !s.ok()) return s;
          return AddSample(sample, &stack);
        },
        Ignore);
  }

  absl::Status AddSample(const pb::Sample& sample, Stack* stack) {
    if (static_cast<size_t>(sample.value_size()) != value_count_) {
      return Malformed(
          absl::StrCat("sample with ", sample.value_size(), " values, not ", value_count_));
    }
    stack->clear();
    // One frame more than the limit lets the profile see and count that the stack was cut.
    const size_t max_depth = options_.limits.stack_frames + 1;
    for (const uint64_t id : sample.location_id()) {
      const auto location = locations_.find(id);
      if (location == locations_.end()) return Malformed(absl::StrCat("no location ", id));
      const auto [begin, end] = location->second;
      const size_t taken = std::min(end - begin, max_depth - stack->size());
      const auto first = frames_.begin() + static_cast<ptrdiff_t>(begin);
      stack->insert(stack->end(), first, first + static_cast<ptrdiff_t>(taken));
    }
    // Inlined lines multiply what a few bytes of a sample stand for.
    frames_seen_ += stack->size();
    if (frames_seen_ > options_.max_frames) {
      return absl::ResourceExhaustedError(
          absl::StrCat("pprof: more than ", options_.max_frames, " frames"));
    }
    Profile::LabelsId labels{};
    if (absl::Status s = LabelsOf(sample, &labels); !s.ok()) return s;
    const int64_t count = count_value_ ? sample.value(static_cast<int>(*count_value_)) : 0;
    const int64_t cpu_ns = sample.value(static_cast<int>(*cpu_value_));
    const int64_t wall_ns = wall_value_ ? sample.value(static_cast<int>(*wall_value_)) : 0;
    if (count < 0 || cpu_ns < 0 || wall_ns < 0) return Malformed("a sample of negative weight");
    profile_.Add(profile_.InternStack(*stack), labels, count, cpu_ns, wall_ns);
    return absl::OkStatus();
  }

  absl::Status LabelsOf(const pb::Sample& sample, Profile::LabelsId* id) {
    label_key_.clear();
    for (const pb::Label& label : sample.label()) {
      label_key_.insert(label_key_.end(), {label.key(), label.str(), label.num()});
    }
    if (const auto known = labels_ids_.find(label_key_); known != labels_ids_.end()) {
      *id = known->second;
      return absl::OkStatus();
    }
    Labels labels;
    for (const pb::Label& label : sample.label()) {
      if (absl::Status s = ReadLabel(label, &labels); !s.ok()) return s;
    }
    *id = profile_.InternLabels(labels);
    if (sample.label_size() > kMaxKnownSize) return absl::OkStatus();
    if (labels_ids_.size() >= kMaxKnownLabels) labels_ids_.clear();
    labels_ids_.emplace(label_key_, *id);
    return absl::OkStatus();
  }

  absl::Status ReadLabel(const pb::Label& label, Labels* labels) {
    absl::string_view key;
    if (absl::Status s = String(label.key(), &key); !s.ok()) return s;
    for (const NumberField& field : kNumberLabels) {
      if (key == field.name) labels->*field.value = label.num();
    }
    for (const TextField& field : kTextLabels) {
      std::string* const text = &(labels->*field.value);
      // The first of its name counts.
      if (key != field.name || !text->empty()) continue;
      absl::string_view value;
      if (absl::Status s = String(label.str(), &value); !s.ok()) return s;
      *text = texts_.Of(value);
    }
    return absl::OkStatus();
  }

  const absl::string_view bytes_;
  const DecodeOptions& options_;
  Profile profile_;
  size_t entries_ = 0;
  size_t frames_seen_ = 0;
  size_t made_bytes_ = 0;
  std::vector<absl::string_view> strings_;           // into bytes_
  absl::flat_hash_map<uint64_t, int64_t> mappings_;  // ID to file name
  absl::flat_hash_map<uint64_t, FunctionEntry> functions_;
  absl::flat_hash_map<uint64_t, std::pair<size_t, size_t>> locations_;  // range of frames_
  std::vector<Frame> frames_;
  Utf8Texts texts_{kMaxTextBytes};
  absl::flat_hash_map<std::vector<int64_t>, Profile::LabelsId> labels_ids_;
  std::vector<int64_t> label_key_;  // of the sample that is read
  std::optional<size_t> count_value_;
  std::optional<size_t> cpu_value_;
  std::optional<size_t> wall_value_;
  size_t value_count_ = 0;
};

}  // namespace

absl::StatusOr<Profile> DecodePprof(absl::string_view bytes, const DecodeOptions& options) {
  constexpr size_t kMaxBytes = std::numeric_limits<int32_t>::max() - 1;  // CodedInputStream's
  const size_t max_bytes = std::min(options.max_uncompressed_bytes, kMaxBytes);
  if (LooksLikeGzip(bytes)) {
    absl::StatusOr<Buffer> raw = GzipDecompress(bytes, max_bytes);
    if (!raw.ok()) return raw.status();
    return Decoder(raw->view(), options).Decode();
  }
  if (bytes.size() > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("pprof: larger than ", max_bytes, " bytes"));
  }
  return Decoder(bytes, options).Decode();
}

}  // namespace profd
