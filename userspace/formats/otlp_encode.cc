#include <google/protobuf/arena.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/opentelemetry/profiles.pb.h"
#include "userspace/formats/otlp.h"
#include "userspace/formats/otlp_names.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

namespace pb = ::opentelemetry::proto::profiles::v1development;
namespace common = ::opentelemetry::proto::common::v1;

// A sample's events, and what is left of it without times.
struct Times {
  std::vector<Recording::Event> events;  // by (sample, time)
  std::vector<size_t> begin;             // of a sample's, in `events`; one more at the end
  int64_t RestOf(const Profile::Sample& sample, size_t i) const {
    const auto timed = static_cast<int64_t>(begin[i + 1] - begin[i]);
    return std::max<int64_t>(sample.count - timed, 0);
  }
};

Times SortTimes(const Recording& recording) {
  Times times;
  const size_t samples = recording.profile.samples().size();
  times.begin.assign(samples + 1, 0);
  for (const Recording::Event& event : recording.events) {
    if (event.sample < samples) ++times.begin[event.sample + 1];
  }
  std::partial_sum(times.begin.begin(), times.begin.end(), times.begin.begin());
  times.events.resize(times.begin.back());
  std::vector<size_t> next(times.begin.begin(), times.begin.end());
  for (const Recording::Event& event : recording.events) {
    if (event.sample < samples) times.events[next[event.sample]++] = event;
  }
  for (size_t i = 0; i < samples; ++i) {
    std::stable_sort(times.events.begin() + static_cast<ptrdiff_t>(times.begin[i]),
                     times.events.begin() + static_cast<ptrdiff_t>(times.begin[i + 1]),
                     [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  }
  return times;
}

class Encoder {
 public:
  Encoder(const Recording& recording, const OtlpOptions& options, pb::ProfilesData* out)
      : recording_(recording),
        profile_(recording.profile),
        options_(options),
        out_(out),
        dictionary_(out->mutable_dictionary()),
        times_(SortTimes(recording)) {}

  void Encode() {
    String("");
    dictionary_->add_mapping_table();
    dictionary_->add_location_table();
    dictionary_->add_function_table();
    dictionary_->add_link_table();
    dictionary_->add_attribute_table();
    dictionary_->add_stack_table();
    Locations();
    Stacks();
    pb::ScopeProfiles* const scope = out_->add_resource_profiles()->add_scope_profiles();
    scope->mutable_scope()->set_name("profd");
    Profiles(scope);
  }

 private:
  // Views in `string_ids_` point into the profile, into `made_` or at a constant: all outlive them.
  int32_t String(absl::string_view text) {
    const auto [entry, is_new] = string_ids_.try_emplace(text, 0);
    if (!is_new) return entry->second;
    std::string clean = ToUtf8(text, options_.max_string_bytes);
    if (clean != text) {
      made_.push_back(std::move(clean));
      const int32_t id = String(made_.back());
      string_ids_[text] = id;
      return id;
    }
    const int32_t id = dictionary_->string_table_size();
    entry->second = id;
    dictionary_->add_string_table(std::move(clean));
    return id;
  }

  // `value` is a string's index, or a number where `is_number`.
  int32_t Attribute(absl::string_view key, bool is_number, int64_t value) {
    const auto [entry, is_new] = attribute_ids_.try_emplace(
        std::make_tuple(String(key), is_number, value), dictionary_->attribute_table_size());
    if (!is_new) return entry->second;
    pb::KeyValueAndUnit* const attribute = dictionary_->add_attribute_table();
    attribute->set_key_strindex(String(key));
    if (is_number) {
      attribute->mutable_value()->set_int_value(value);
    } else {
      // Not string_value_strindex: readers older than it would see nothing.
      attribute->mutable_value()->set_string_value(
          dictionary_->string_table(static_cast<int>(value)));
    }
    return entry->second;
  }
  int32_t TextAttribute(absl::string_view key, absl::string_view text) {
    return Attribute(key, false, String(text));
  }

  int32_t MappingOf(const Function& function, bool has_source) {
    if (function.kind != FrameKind::kNative || has_source || function.file.empty()) return 0;
    const int32_t file = String(function.file);
    const auto [entry, is_new] = mapping_ids_.try_emplace(file, dictionary_->mapping_table_size());
    if (is_new) dictionary_->add_mapping_table()->set_filename_strindex(file);
    return entry->second;
  }

  int32_t FunctionOf(const Function& function, bool has_source) {
    const int32_t name = String(function.name);
    const int32_t file =
        function.kind == FrameKind::kNative && !has_source ? 0 : String(function.file);
    const int line = std::max(function.first_line, 0);
    const auto [entry, is_new] = function_ids_.try_emplace(std::make_tuple(name, file, line),
                                                           dictionary_->function_table_size());
    if (is_new) {
      pb::Function* const f = dictionary_->add_function_table();
      f->set_name_strindex(name);
      f->set_filename_strindex(file);
      f->set_start_line(line);
    }
    return entry->second;
  }

  void Locations() {
    const std::vector<bool> have_source = profile_.HaveSource();
    for (const Profile::Location& location : profile_.locations()) {
      const Function& function = *profile_.functions()[location.function];
      const bool has_source = have_source[location.function];
      pb::Location* const l = dictionary_->add_location_table();
      l->set_mapping_index(MappingOf(function, has_source));
      pb::Line* const line = l->add_lines();
      line->set_function_index(FunctionOf(function, has_source));
      line->set_line(location.line);
      for (const auto& type : otlp::kFrameTypes) {
        if (type.kind != function.kind) continue;
        l->add_attribute_indices(TextAttribute(otlp::kFrameType, type.name));
      }
    }
  }

  // In the order of their frames read from the root: what neighbours share, DEFLATE's 32 KiB
  // window still sees. Samples follow in the same order.
  void Stacks() {
    order_.resize(profile_.samples().size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto stack_of = [this](uint32_t i) { return profile_.samples()[i].stack; };
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      if (stack_of(a) == stack_of(b)) return a < b;
      const absl::Span<const uint32_t> s = profile_.stack(stack_of(a));
      const absl::Span<const uint32_t> t = profile_.stack(stack_of(b));
      return std::lexicographical_compare(s.rbegin(), s.rend(), t.rbegin(), t.rend());
    });
    for (const uint32_t i : order_) {
      const absl::Span<const uint32_t> frames = profile_.stack(stack_of(i));
      const auto [entry, is_new] = stack_ids_.try_emplace(
          static_cast<uint32_t>(stack_of(i)), frames.empty() ? 0 : dictionary_->stack_table_size());
      if (!is_new || frames.empty()) continue;
      pb::Stack* const stack = dictionary_->add_stack_table();
      for (const uint32_t frame : frames) {
        stack->add_location_indices(static_cast<int32_t>(frame) + 1);
      }
    }
  }

  const std::vector<int32_t>& AttributesOf(Profile::LabelsId id) {
    const auto [entry, is_new] = label_attributes_.try_emplace(static_cast<uint32_t>(id));
    if (is_new) {
      const Labels& labels = profile_.labels(id);
      std::vector<int32_t>& all = entry->second;
      for (const auto& [name, value] : otlp::kNumberLabels) {
        if (labels.*value != 0) all.push_back(Attribute(name, true, labels.*value));
      }
      for (const auto& [name, value] : otlp::kTextLabels) {
        if (!(labels.*value).empty()) all.push_back(TextAttribute(name, labels.*value));
      }
    }
    return entry->second;
  }

  void Type(const char* type, const char* unit, pb::ValueType* out) {
    out->set_type_strindex(String(type));
    out->set_unit_strindex(String(unit));
  }

  pb::Profile* AddProfile(const char* type, const char* unit, pb::ScopeProfiles* scope) {
    pb::Profile* const p = scope->add_profiles();
    Type(type, unit, p->mutable_sample_type());
    const Window& window = profile_.window();
    p->set_time_unix_nano(
        static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixNanos(window.start), 0)));
    p->set_duration_nano(
        static_cast<uint64_t>(std::max<int64_t>(absl::ToInt64Nanoseconds(window.duration), 0)));
    Type("cpu", "nanoseconds", p->mutable_period_type());
    p->set_period(std::max<int64_t>(window.period_ns, 0));
    return p;
  }

  pb::Sample* AddSample(const Profile::Sample& sample, pb::Profile* profile) {
    pb::Sample* const s = profile->add_samples();
    s->set_stack_index(stack_ids_[static_cast<uint32_t>(sample.stack)]);
    for (const int32_t id : AttributesOf(sample.labels)) s->add_attribute_indices(id);
    return s;
  }

  void Profiles(pb::ScopeProfiles* scope) {
    pb::Profile* const first = AddProfile("samples", "count", scope);
    Comments(first);
    if (!times_.events.empty()) Events(first);
    const bool all_timed = !times_.events.empty() && NothingRests();
    if (!all_timed) {
      // A profile's samples are all of one shape.
      pb::Profile* const counts =
          times_.events.empty() ? first : AddProfile("samples", "count", scope);
      for (const uint32_t i : order_) {
        const Profile::Sample& sample = profile_.samples()[i];
        if (const int64_t rest = times_.RestOf(sample, i))
          AddSample(sample, counts)->add_values(rest);
      }
    }
    if (!profile_.has_wall() && TimeIsPeriods()) return;
    Sums("cpu", &Profile::Sample::cpu_ns, scope);
    if (profile_.has_wall()) Sums("wall", &Profile::Sample::wall_ns, scope);
  }

  void Events(pb::Profile* profile) {
    const bool has_values = std::any_of(times_.events.begin(), times_.events.end(),
                                        [](const auto& event) { return event.ticks != 1; });
    const int64_t start_ns = absl::ToUnixNanos(profile_.window().start);
    const auto mask = ~static_cast<uint64_t>(TimeResolutionNs(profile_.window().period_ns) - 1);
    for (const uint32_t i : order_) {
      if (times_.begin[i] == times_.begin[i + 1]) continue;
      pb::Sample* const s = AddSample(profile_.samples()[i], profile);
      for (size_t e = times_.begin[i]; e < times_.begin[i + 1]; ++e) {
        const int64_t time_ns = std::max<int64_t>(times_.events[e].time_ns, 0);
        auto rounded = static_cast<int64_t>(static_cast<uint64_t>(time_ns) & mask);
        // Readers may expect times to lie within the window.
        if (rounded < start_ns && time_ns >= start_ns) rounded = start_ns;
        s->add_timestamps_unix_nano(static_cast<uint64_t>(rounded));
        if (has_values) s->add_values(times_.events[e].ticks);
      }
    }
  }

  bool NothingRests() const {
    for (size_t i = 0; i < profile_.samples().size(); ++i) {
      if (times_.RestOf(profile_.samples()[i], i) != 0) return false;
    }
    return true;
  }

  // Whether CPU time is what a reader would make of counts and the period.
  bool TimeIsPeriods() const {
    const int64_t period_ns = std::max<int64_t>(profile_.window().period_ns, 0);
    for (size_t i = 0; i < profile_.samples().size(); ++i) {
      const Profile::Sample& sample = profile_.samples()[i];
      __int128 periods = times_.RestOf(sample, i);
      for (size_t e = times_.begin[i]; e < times_.begin[i + 1]; ++e) {
        periods += times_.events[e].ticks;
      }
      if (periods * period_ns != sample.cpu_ns) return false;
    }
    return true;
  }

  void Sums(const char* type, int64_t Profile::Sample::*value, pb::ScopeProfiles* scope) {
    pb::Profile* const p = AddProfile(type, "nanoseconds", scope);
    for (const uint32_t i : order_) {
      const Profile::Sample& sample = profile_.samples()[i];
      if (sample.*value > 0) AddSample(sample, p)->add_values(sample.*value);
    }
  }

  void Comments(pb::Profile* profile) {
    const std::vector<std::string> lines = profile_.CommentsWithCounts();
    if (lines.empty()) return;
    profile->add_attribute_indices(dictionary_->attribute_table_size());
    pb::KeyValueAndUnit* const attribute = dictionary_->add_attribute_table();
    attribute->set_key_strindex(String(otlp::kComments));
    common::ArrayValue* const array = attribute->mutable_value()->mutable_array_value();
    for (const std::string& line : lines) {
      array->add_values()->set_string_value(ToUtf8(line, options_.max_string_bytes));
    }
  }

  const Recording& recording_;
  const Profile& profile_;
  const OtlpOptions& options_;
  pb::ProfilesData* const out_;
  pb::ProfilesDictionary* const dictionary_;
  const Times times_;
  std::deque<std::string> made_;  // never moves its strings
  std::vector<uint32_t> order_;   // of samples
  absl::flat_hash_map<absl::string_view, int32_t> string_ids_;
  absl::flat_hash_map<std::tuple<int32_t, bool, int64_t>, int32_t> attribute_ids_;
  absl::flat_hash_map<int32_t, int32_t> mapping_ids_;
  absl::flat_hash_map<std::tuple<int32_t, int32_t, int>, int32_t> function_ids_;
  absl::flat_hash_map<uint32_t, int32_t> stack_ids_;
  absl::flat_hash_map<uint32_t, std::vector<int32_t>> label_attributes_;
};

}  // namespace

int64_t TimeResolutionNs(int64_t period_ns) {
  int64_t resolution = int64_t{1} << 22;
  while (period_ns > 0 && resolution > 1 && resolution > period_ns / 2) resolution /= 2;
  return resolution;
}

absl::StatusOr<std::string> EncodeOtlp(const Recording& recording, const OtlpOptions& options) {
  google::protobuf::ArenaOptions arena_options;
  arena_options.start_block_size = 64 << 10;
  arena_options.max_block_size = 1 << 20;
  google::protobuf::Arena arena(arena_options);
  auto* const out = google::protobuf::Arena::CreateMessage<pb::ProfilesData>(&arena);
  Encoder(recording, options, out).Encode();
  const size_t bytes = out->ByteSizeLong();
  if (bytes > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("recording of ", bytes, " bytes: OTLP profiles end at 2 GiB"));
  }
  const auto raw = std::make_unique_for_overwrite<char[]>(bytes);
  if (!out->SerializeToArray(raw.get(), static_cast<int>(bytes))) {
    return absl::InternalError("profiles.proto: serialization failed");
  }
  return GzipCompress({raw.get(), bytes}, options.compression_level);
}

}  // namespace profd
