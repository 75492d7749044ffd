#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "userspace/formats/otlp.h"
#include "userspace/formats/otlp_dictionary.h"
#include "userspace/formats/wire.h"
#include "userspace/profile/gzip.h"

namespace profd {
namespace {

using Type = WireReader::Type;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("OTLP: ", what));
}

// Calls `visit(payload)` for each field `number` of a message that is a message itself.
template <typename Visit>
absl::Status ForEach(absl::string_view message, uint32_t number, const Visit& visit) {
  WireReader reader(message);
  while (reader.Next()) {
    if (!reader.is(number, Type::kBytes)) continue;
    if (absl::Status s = visit(reader.bytes()); !s.ok()) return s;
  }
  return reader.ok() ? absl::OkStatus() : Malformed("damaged field");
}

// Of one sample or profile: references are short, what they lead to may be long.
constexpr size_t kMaxAttributes = 128;
// Sets of attributes whose labels are remembered.
constexpr size_t kMaxKnownLabels = 1 << 16;

class Decoder {
 public:
  Decoder(absl::string_view bytes, const OtlpDecodeOptions& options)
      : bytes_(bytes), options_(options), dictionary_(options) {
    recording_.profile = Profile(options.limits);
  }

  absl::StatusOr<Recording> Decode() {
    absl::Status s = ForEach(bytes_, 2, [&](absl::string_view dictionary) {
      return std::exchange(has_dictionary_, true) ? Malformed("two dictionaries")
                                                  : dictionary_.Read(dictionary);
    });
    if (!s.ok()) return s;
    stack_ids_.resize(dictionary_.stacks() + 1);
    if (s = ForEachProfile(&Decoder::ReadHeader); !s.ok()) return s;
    if (headers_.empty()) return Malformed("no profile in it");
    if (!has_count_ && !has_cpu_ && !has_wall_ && !has_off_cpu_) {
      return Malformed("no profile of samples, CPU or wall time in it");
    }
    recording_.profile.set_window(window_);
    if (s = ForEachProfile(&Decoder::ReadSamples); !s.ok()) return s;
    std::sort(recording_.events.begin(), recording_.events.end(),
              [](const Recording::Event& a, const Recording::Event& b) {
                return std::tie(a.time_ns, a.sample, a.ticks) <
                       std::tie(b.time_ns, b.sample, b.ticks);
              });
    return std::move(recording_);
  }

 private:
  enum class Value : uint8_t { kOther, kCount, kCpu, kWall, kOffCpu };

  absl::Status ForEachProfile(absl::Status (Decoder::*visit)(absl::string_view)) {
    profile_index_ = 0;
    return ForEach(bytes_, 1, [&](absl::string_view resource_profiles) {
      resource_labels_ = Labels();
      absl::Status s = ForEach(resource_profiles, 1, [&](absl::string_view resource) {
        return ForEach(resource, 1, [&](absl::string_view kv) { return ResourceLabel(kv); });
      });
      if (!s.ok()) return s;
      labels_ids_.clear();
      return ForEach(resource_profiles, 2, [&](absl::string_view scope_profiles) {
        return ForEach(scope_profiles, 2, [&](absl::string_view profile) {
          absl::Status status = (this->*visit)(profile);
          ++profile_index_;
          return status;
        });
      });
    });
  }

  absl::Status ResourceLabel(absl::string_view key_value) {
    absl::string_view key;
    OtlpValue value;
    WireReader reader(key_value);
    while (reader.Next()) {
      if (reader.is(1, Type::kBytes)) key = reader.bytes();
      if (!reader.is(2, Type::kBytes)) continue;
      if (absl::Status s = ReadOtlpValue(reader.bytes(), dictionary_, &value); !s.ok()) return s;
    }
    if (!reader.ok()) return Malformed("damaged resource");
    SetOtlpLabel(key, value, dictionary_.texts(), &resource_labels_);
    return absl::OkStatus();
  }

  absl::Status ReadHeader(absl::string_view profile) {
    Value value = Value::kOther;
    uint64_t start = 0, duration = 0, period = 0;
    std::vector<uint64_t> attributes;
    WireReader reader(profile);
    while (reader.Next()) {
      if (reader.is(1, Type::kBytes)) {
        if (absl::Status s = ReadType(reader.bytes(), &value); !s.ok()) return s;
      }
      if (reader.is(3, Type::kFixed64)) start = reader.number();
      if (reader.is(4, Type::kVarint)) duration = reader.number();
      if (reader.is(6, Type::kVarint)) period = reader.number();
      if (reader.field() == 11) {
        if (absl::Status s = Numbers(reader, kMaxAttributes, &attributes); !s.ok()) return s;
      }
    }
    if (!reader.ok()) return Malformed("damaged profile");
    constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (start > kMax || duration > kMax || period > kMax) return Malformed("damaged times");
    for (const uint64_t attribute : attributes) {
      if (!comments_seen_.insert(attribute).second) continue;
      absl::Status s = dictionary_.AddComments(attribute, &recording_.profile);
      if (!s.ok()) return s;
    }
    has_count_ |= value == Value::kCount;
    has_cpu_ |= value == Value::kCpu;
    has_wall_ |= value == Value::kWall;
    has_off_cpu_ |= value == Value::kOffCpu;
    const absl::Time time = absl::FromUnixNanos(static_cast<int64_t>(start));
    window_.start = headers_.empty() ? time : std::min(window_.start, time);
    window_.duration =
        std::max(window_.duration, absl::Nanoseconds(static_cast<int64_t>(duration)));
    if (window_.period_ns == 0) window_.period_ns = static_cast<int64_t>(period);
    headers_.push_back(value);
    return dictionary_.CountEntry();
  }

  absl::Status ReadType(absl::string_view value_type, Value* value) const {
    uint64_t type_index = 0, unit_index = 0;
    WireReader reader(value_type);
    while (reader.Next()) {
      if (reader.is(1, Type::kVarint)) type_index = reader.number();
      if (reader.is(2, Type::kVarint)) unit_index = reader.number();
    }
    absl::string_view type, unit;
    if (absl::Status s = dictionary_.String(type_index, &type); !s.ok()) return s;
    if (absl::Status s = dictionary_.String(unit_index, &unit); !s.ok()) return s;
    if (type == "samples" && unit == "count") *value = Value::kCount;
    if (type == "cpu" && unit == "nanoseconds") *value = Value::kCpu;
    if (type == "wall" && unit == "nanoseconds") *value = Value::kWall;
    if (type == "off_cpu" && unit == "nanoseconds") *value = Value::kOffCpu;
    return absl::OkStatus();
  }

  static absl::Status Numbers(const WireReader& field, size_t max, std::vector<uint64_t>* out) {
    const auto add = [max, out](uint64_t number) {
      out->push_back(number);
      return out->size() <= max ? absl::OkStatus()
                                : absl::ResourceExhaustedError("OTLP: a list is too long");
    };
    if (field.type() != Type::kBytes) return add(field.number());
    for (absl::string_view packed = field.bytes(); !packed.empty();) {
      uint64_t number;
      if (!WireReader::ReadVarint(&packed, &number)) return Malformed("damaged list");
      if (absl::Status s = add(number); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status Times(const WireReader& field) {
    if (field.type() == Type::kFixed64) {
      times_.push_back(field.number());
    } else {
      const absl::string_view packed = field.bytes();
      if (field.type() != Type::kBytes || packed.size() % 8 != 0) return Malformed("damaged times");
      for (size_t i = 0; i < packed.size() && times_.size() <= options_.max_events; i += 8) {
        times_.push_back(WireReader::LoadFixed(packed.substr(i, 8), 8));
      }
    }
    return times_.size() > options_.max_events ? TooManyEvents() : absl::OkStatus();
  }

  absl::Status TooManyEvents() const {
    return absl::ResourceExhaustedError(
        absl::StrCat("OTLP: more than ", options_.max_events, " events"));
  }

  absl::Status ReadSamples(absl::string_view profile) {
    const Value value = headers_[profile_index_];
    if (value == Value::kOther) return absl::OkStatus();
    return ForEach(profile, 2, [&](absl::string_view sample) { return ReadSample(sample, value); });
  }

  absl::Status ReadSample(absl::string_view sample, Value kind) {
    uint64_t stack = 0;
    attributes_.clear();
    values_.clear();
    times_.clear();
    WireReader reader(sample);
    while (reader.Next()) {
      absl::Status s;
      if (reader.is(1, Type::kVarint)) stack = reader.number();
      if (reader.field() == 2) s = Numbers(reader, kMaxAttributes, &attributes_);
      if (reader.field() == 4) s = Numbers(reader, options_.max_events, &values_);
      if (reader.field() == 5) s = Times(reader);
      if (!s.ok()) return s;
    }
    if (!reader.ok()) return Malformed("damaged sample");
    if (!times_.empty() && !values_.empty() && times_.size() != values_.size()) {
      return Malformed(absl::StrCat(times_.size(), " times, ", values_.size(), " values"));
    }
    if (absl::Status s = dictionary_.CountEntry(); !s.ok()) return s;
    Profile::StackId stack_id{};
    if (absl::Status s = StackOf(stack, &stack_id); !s.ok()) return s;
    Profile::LabelsId labels_id{};
    if (absl::Status s = LabelsOf(&labels_id); !s.ok()) return s;
    return Add(stack_id, labels_id, kind);
  }

  absl::Status StackOf(uint64_t index, Profile::StackId* id) {
    if (index >= stack_ids_.size()) return Malformed(absl::StrCat("no stack ", index));
    if (!stack_ids_[index]) {
      if (absl::Status s = dictionary_.ReadStack(index, &stack_); !s.ok()) return s;
      frames_seen_ += stack_.size();
      if (frames_seen_ > options_.max_frames) {
        return absl::ResourceExhaustedError("OTLP: too many frames");
      }
      stack_ids_[index] = recording_.profile.InternStack(stack_);
    }
    *id = *stack_ids_[index];
    return absl::OkStatus();
  }

  absl::Status LabelsOf(Profile::LabelsId* id) {
    if (const auto known = labels_ids_.find(attributes_); known != labels_ids_.end()) {
      *id = known->second;
      return absl::OkStatus();
    }
    Labels labels = resource_labels_;
    for (const uint64_t attribute : attributes_) {
      if (absl::Status s = dictionary_.AddLabel(attribute, &labels); !s.ok()) return s;
    }
    *id = recording_.profile.InternLabels(labels);
    if (labels_ids_.size() >= kMaxKnownLabels) labels_ids_.clear();
    labels_ids_.emplace(attributes_, *id);
    return absl::OkStatus();
  }

  absl::Status Add(Profile::StackId stack, Profile::LabelsId labels, Value kind) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    int64_t sum = times_.empty() || !values_.empty() ? 0 : static_cast<int64_t>(times_.size());
    for (const uint64_t value : values_) {
      if (value > static_cast<uint64_t>(kMax)) return Malformed("a sample of negative weight");
      sum += std::min(static_cast<int64_t>(value), kMax - sum);
    }
    // Values of the same samples count them once; time off the CPU has samples of its own.
    const bool counts = kind == Value::kCount || kind == Value::kOffCpu ||
                        (!has_count_ && (kind == Value::kCpu || !has_cpu_));
    const int64_t count = !counts                 ? 0
                          : !times_.empty()       ? static_cast<int64_t>(times_.size())
                          : kind == Value::kCount ? sum
                                                  : 0;
    int64_t cpu_ns = kind == Value::kCpu ? sum : 0;
    if (kind == Value::kCount && !has_cpu_ && !has_wall_ && window_.period_ns > 0) {
      cpu_ns = sum > kMax / window_.period_ns ? kMax : sum * window_.period_ns;
    }
    int64_t wall_ns = kind == Value::kWall || kind == Value::kOffCpu ? sum : 0;
    if (has_off_cpu_ && !has_wall_ && cpu_ns > 0) wall_ns = cpu_ns;
    const uint32_t sample = recording_.profile.Add(stack, labels, count, cpu_ns, wall_ns);
    return counts ? AddEvents(sample, kind) : absl::OkStatus();
  }

  absl::Status AddEvents(uint32_t sample, Value kind) {
    if (times_.size() > options_.max_events - recording_.events.size()) return TooManyEvents();
    const uint64_t unit =
        kind == Value::kCount ? 1 : std::max<uint64_t>(static_cast<uint64_t>(window_.period_ns), 1);
    for (size_t i = 0; i < times_.size(); ++i) {
      if (times_[i] > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return Malformed("a time past 2262");
      }
      uint64_t ticks = 1;
      if (!values_.empty() && (kind == Value::kCount || window_.period_ns > 0)) {
        ticks = values_[i] / unit;
      }
      recording_.events.push_back({static_cast<int64_t>(times_[i]), sample,
                                   static_cast<uint32_t>(std::clamp<uint64_t>(
                                       ticks, 1, std::numeric_limits<uint32_t>::max()))});
    }
    return absl::OkStatus();
  }

  const absl::string_view bytes_;
  const OtlpDecodeOptions& options_;
  OtlpDictionary dictionary_;
  bool has_dictionary_ = false;
  absl::flat_hash_set<uint64_t> comments_seen_;  // attributes
  Recording recording_;
  Window window_;
  std::vector<Value> headers_;  // of all profiles
  size_t profile_index_ = 0;
  bool has_count_ = false;
  bool has_cpu_ = false;
  bool has_wall_ = false;
  bool has_off_cpu_ = false;
  Labels resource_labels_;
  std::vector<std::optional<Profile::StackId>> stack_ids_;
  absl::flat_hash_map<std::vector<uint64_t>, Profile::LabelsId> labels_ids_;
  size_t frames_seen_ = 0;
  // Of the sample that is being read.
  Stack stack_;
  std::vector<uint64_t> attributes_;
  std::vector<uint64_t> values_;
  std::vector<uint64_t> times_;
};

}  // namespace

bool LooksLikeOtlp(absl::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.type() != Type::kBytes || reader.field() > 2) return false;
  }
  return reader.ok() && !bytes.empty();
}

absl::StatusOr<Recording> DecodeOtlp(absl::string_view bytes, const OtlpDecodeOptions& options) {
  if (!LooksLikeGzip(bytes)) return Decoder(bytes, options).Decode();
  absl::StatusOr<Buffer> raw = GzipDecompress(bytes, options.max_uncompressed_bytes);
  if (!raw.ok()) return raw.status();
  return Decoder(raw->view(), options).Decode();
}

}  // namespace profd
