#include <google/protobuf/arena.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/profile.pb.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/label_names.h"
#include "userspace/profile/pprof.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

namespace pb = ::perftools::profiles;

constexpr size_t kMaxVarintBytes = 10;

char* PutVarint(uint64_t value, char* to) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

// What stands before a field of `bytes` bytes: its number and wire type 2, and its length.
char* PutHead(int field, size_t bytes, char* to) {
  return PutVarint(bytes, PutVarint(static_cast<uint64_t>(field) << 3 | 2, to));
}

class Encoder {
 public:
  // Samples, nearly all of a file, go to `samples` as they are in a file: a message object for each
  // of them takes longer to make than to write.
  Encoder(const Profile& profile, const EncodeOptions& options, pb::Profile* out,
          std::string* samples)
      : profile_(profile),
        has_source_(profile.HaveSource()),
        options_(options),
        out_(out),
        samples_(samples) {
    String("");
  }

  void Encode() {
    Header();
    MappingId(kPythonMapping);
    Functions();
    Locations();
    Samples();
    Comments();
  }

 private:
  // Views in `string_ids_` point into the profile or into `cleaned_`: both outlive them.
  int64_t String(absl::string_view text) {
    const auto [entry, is_new] = string_ids_.try_emplace(text, 0);
    if (!is_new) return entry->second;
    std::string clean = ToUtf8(text, options_.max_string_bytes);
    if (clean != text) {
      cleaned_.push_back(std::move(clean));
      const int64_t id = String(cleaned_.back());
      string_ids_[text] = id;
      return id;
    }
    const int64_t id = out_->string_table_size();
    entry->second = id;
    out_->add_string_table(std::move(clean));
    return id;
  }

  void ValueType(const char* type, const char* unit, pb::ValueType* value_type) {
    value_type->set_type(String(type));
    value_type->set_unit(String(unit));
  }

  void Header() {
    const Window& window = profile_.window();
    ValueType("samples", "count", out_->add_sample_type());
    ValueType("cpu", "nanoseconds", out_->add_sample_type());
    if (profile_.has_wall()) ValueType("wall", "nanoseconds", out_->add_sample_type());
    ValueType("cpu", "nanoseconds", out_->mutable_period_type());
    out_->set_default_sample_type(String("cpu"));
    out_->set_period(window.period_ns);
    out_->set_time_nanos(absl::ToUnixNanos(window.start));
    out_->set_duration_nanos(absl::ToInt64Nanoseconds(window.duration));
  }

  uint64_t MappingId(absl::string_view file) {
    const auto [entry, is_new] = mapping_ids_.try_emplace(file, mapping_ids_.size() + 1);
    if (!is_new) return entry->second;
    pb::Mapping* const mapping = out_->add_mapping();
    mapping->set_id(entry->second);
    mapping->set_filename(String(file));
    // Without addresses there is nothing left to symbolize: readers shall not try.
    mapping->set_has_functions(true);
    if (file == kPythonMapping) {
      mapping->set_has_filenames(true);
      mapping->set_has_line_numbers(true);
    }
    return entry->second;
  }

  uint64_t MappingId(const Function& function, bool has_source) {
    switch (function.kind) {
      case FrameKind::kPython:
        return MappingId(kPythonMapping);
      case FrameKind::kKernel:
        return MappingId(kKernelMapping);
      case FrameKind::kMarker:
        return MappingId(kMarkerMapping);
      case FrameKind::kWaiting:
        return MappingId(kWaitingMapping);
      case FrameKind::kNative:
        break;
    }
    const std::string& file = function.file;
    if (file.empty() || has_source) return MappingId(kUnknownMapping);
    if (file == kPythonMapping || file == kKernelMapping || file == kMarkerMapping ||
        file == kWaitingMapping) {
      return MappingId(cleaned_.emplace_back(absl::StrCat("./", file)));
    }
    return MappingId(file);
  }

  void Functions() {
    uint64_t id = 0;
    for (const auto& function : profile_.functions()) {
      pb::Function* const f = out_->add_function();
      f->set_id(++id);
      // No system_name: where it equals the name, go tool pprof takes the name for C++ and makes
      // nothing of "<module>".
      const absl::string_view name = function->name;
      f->set_name(String(name.empty() ? "[unknown]" : name));
      if (has_source_[id - 1]) f->set_filename(String(function->file));
      f->set_start_line(std::max(function->first_line, 0));
    }
  }

  void Locations() {
    std::vector<uint64_t> mapping_of;
    for (size_t i = 0; i < has_source_.size(); ++i) {
      mapping_of.push_back(MappingId(*profile_.functions()[i], has_source_[i]));
    }
    uint64_t id = 0;
    for (const Profile::Location& location : profile_.locations()) {
      pb::Location* const l = out_->add_location();
      l->set_id(++id);
      l->set_mapping_id(mapping_of[location.function]);
      pb::Line* const line = l->add_line();
      line->set_function_id(location.function + 1);
      line->set_line(location.line);
    }
  }

  // Indices into the string table, in the order of label_names.h.
  struct LabelKeys {
    std::vector<int64_t> numbers, texts;
  };
  // Samples share few label sets: each is encoded once, as fields of a Sample.
  const std::string& EncodedLabels(Profile::LabelsId id, const LabelKeys& keys) {
    const auto [entry, is_new] = encoded_labels_.try_emplace(static_cast<uint32_t>(id));
    if (is_new) {
      const Labels& labels = profile_.labels(id);
      pb::Sample sample;
      for (size_t i = 0; i < keys.numbers.size(); ++i) {
        NumberLabel(keys.numbers[i], labels.*kNumberLabels[i].value, &sample);
      }
      for (size_t i = 0; i < keys.texts.size(); ++i) {
        StringLabel(keys.texts[i], String(labels.*kTextLabels[i].value), &sample);
      }
      entry->second = sample.SerializeAsString();
    }
    return entry->second;
  }

  static void StringLabel(int64_t key, int64_t text, pb::Sample* sample) {
    if (text == 0) return;
    pb::Label* const label = sample->add_label();
    label->set_key(key);
    label->set_str(text);
  }

  static void NumberLabel(int64_t key, int64_t number, pb::Sample* sample) {
    if (number == 0) return;
    pb::Label* const label = sample->add_label();
    label->set_key(key);
    label->set_num(number);
  }

  // Samples in the order of their stacks read from the root: what neighbours share, DEFLATE's
  // 32 KiB window still sees.
  std::vector<uint32_t> SimilarStacksTogether() const {
    const absl::Span<const Profile::Sample> samples = profile_.samples();
    std::vector<uint32_t> order(samples.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [this, samples](uint32_t a, uint32_t b) {
      const Profile::Sample& x = samples[a];
      const Profile::Sample& y = samples[b];
      if (x.stack == y.stack) return a < b;
      const absl::Span<const uint32_t> s = profile_.stack(x.stack);
      const absl::Span<const uint32_t> t = profile_.stack(y.stack);
      return std::lexicographical_compare(s.rbegin(), s.rend(), t.rbegin(), t.rend());
    });
    return order;
  }

  void Samples() {
    LabelKeys keys;
    for (const NumberField& label : kNumberLabels) keys.numbers.push_back(String(label.name));
    for (const TextField& label : kTextLabels) keys.texts.push_back(String(label.name));
    const absl::Span<const Profile::Sample> samples = profile_.samples();
    for (const uint32_t i : SimilarStacksTogether()) {
      const Profile::Sample& sample = samples[i];
      const std::string& labels = EncodedLabels(sample.labels, keys);
      const absl::Span<const uint32_t> stack = profile_.stack(sample.stack);
      packed_.resize((stack.size() + 3) * kMaxVarintBytes);
      char* const locations = packed_.data();
      char* end = locations;
      for (const uint32_t location : stack) end = PutVarint(uint64_t{location} + 1, end);
      char* const values = end;
      end = PutVarint(static_cast<uint64_t>(sample.count), end);
      end = PutVarint(static_cast<uint64_t>(sample.cpu_ns), end);
      if (profile_.has_wall()) end = PutVarint(static_cast<uint64_t>(sample.wall_ns), end);

      char heads[4 * kMaxVarintBytes];
      char* const locations_head_end =
          PutHead(pb::Sample::kLocationIdFieldNumber, values - locations, heads);
      char* const values_head_end =
          PutHead(pb::Sample::kValueFieldNumber, end - values, locations_head_end);
      const absl::string_view locations_head(heads, locations_head_end - heads);
      const absl::string_view values_head(locations_head_end, values_head_end - locations_head_end);

      char sample_head[2 * kMaxVarintBytes];
      char* const sample_head_end =
          PutHead(pb::Profile::kSampleFieldNumber,
                  (values_head_end - heads) + (end - locations) + labels.size(), sample_head);
      absl::StrAppend(samples_, absl::string_view(sample_head, sample_head_end - sample_head),
                      locations_head, absl::string_view(locations, values - locations));
      absl::StrAppend(samples_, values_head, absl::string_view(values, end - values), labels);
    }
  }

  void Comments() {
    for (std::string& comment : profile_.CommentsWithCounts()) {
      cleaned_.push_back(std::move(comment));
      out_->add_comment(String(cleaned_.back()));
    }
  }

  const Profile& profile_;
  const std::vector<bool> has_source_;  // of its functions
  const EncodeOptions& options_;
  pb::Profile* const out_;
  std::string* const samples_;
  std::deque<std::string> cleaned_;  // never moves its strings
  absl::flat_hash_map<absl::string_view, int64_t> string_ids_;
  absl::flat_hash_map<absl::string_view, uint64_t> mapping_ids_;
  absl::flat_hash_map<uint32_t, std::string> encoded_labels_;
  std::string packed_;  // of one sample
};

}  // namespace

absl::StatusOr<std::string> EncodePprof(const Profile& profile, const EncodeOptions& options) {
  google::protobuf::ArenaOptions arena_options;
  arena_options.start_block_size = 64 << 10;
  arena_options.max_block_size = 1 << 20;
  google::protobuf::Arena arena(arena_options);
  auto* const out = google::protobuf::Arena::CreateMessage<pb::Profile>(&arena);
  std::string file;
  Encoder(profile, options, out, &file).Encode();
  const size_t bytes = file.size() + out->ByteSizeLong();
  if (bytes > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("profile of ", bytes, " bytes: pprof files end at 2 GiB"));
  }
  // Fields of a message may come in any order, and in parts.
  if (!out->AppendToString(&file)) {
    return absl::InternalError("profile.proto: serialization failed");
  }
  return GzipCompress(file, options.compression_level);
}

}  // namespace profd
