#include "userspace/formats/otlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <set>
#include <tuple>

#include "proto/opentelemetry/profiles.pb.h"
#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/read.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

namespace pb = ::opentelemetry::proto::profiles::v1development;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A sample's identity in words, so that recordings whose indices differ can be compared.
std::string Identity(const Profile& profile, const Profile::Sample& sample) {
  std::string text;
  for (const uint32_t id : profile.stack(sample.stack)) {
    const Profile::Location& l = profile.locations()[id];
    const Function& f = *profile.functions()[l.function];
    absl::StrAppend(&text, static_cast<int>(f.kind), "\x01", f.name, "\x01", f.file, "\x01",
                    f.first_line, "\x01", l.line, "\x02");
  }
  const Labels& l = profile.labels(sample.labels);
  absl::StrAppend(&text, "\x03", l.pid, "\x01", l.tid, "\x01", l.comm, "\x01", l.thread, "\x01",
                  l.python, "\x01", l.container);
  return text;
}

using Weights = std::map<std::string, std::tuple<int64_t, int64_t, int64_t>>;
Weights WeightsOf(const Recording& r) {
  Weights weights;
  for (const Profile::Sample& s : r.profile.samples()) {
    weights[Identity(r.profile, s)] = {s.count, s.cpu_ns, s.wall_ns};
  }
  return weights;
}

using Events = std::multiset<std::tuple<int64_t, std::string, uint32_t>>;
Events EventsOf(const Recording& r, int64_t resolution_ns) {
  Events events;
  for (const Recording::Event& e : r.events) {
    const int64_t rounded = e.time_ns / resolution_ns * resolution_ns;
    events.emplace(std::max(rounded, absl::ToUnixNanos(r.profile.window().start)),
                   Identity(r.profile, r.profile.samples()[e.sample]), e.ticks);
  }
  return events;
}

void ExpectInverse(const Recording& recording) {
  const auto file = EncodeOtlp(recording);
  ASSERT_TRUE(file.ok()) << file.status();
  const auto decoded = DecodeOtlp(*file);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(WeightsOf(*decoded), WeightsOf(recording));
  const int64_t resolution_ns = TimeResolutionNs(recording.profile.window().period_ns);
  EXPECT_EQ(EventsOf(*decoded, 1), EventsOf(recording, resolution_ns));
  EXPECT_TRUE(std::is_sorted(decoded->events.begin(), decoded->events.end(),
                             [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; }));
  EXPECT_EQ(decoded->profile.window().start, recording.profile.window().start);
  EXPECT_EQ(decoded->profile.window().duration, recording.profile.window().duration);
  EXPECT_EQ(decoded->profile.window().period_ns, recording.profile.window().period_ns);
  EXPECT_TRUE(std::equal(decoded->profile.comments().begin(), decoded->profile.comments().end(),
                         recording.profile.comments().begin(), recording.profile.comments().end()));
  // What was rounded once stays as it is.
  EXPECT_EQ(EventsOf(*DecodeOtlp(*EncodeOtlp(*decoded)), 1), EventsOf(*decoded, 1));
}

pb::ProfilesData Parsed(const std::string& file) {
  const auto plain = GzipDecompress(file, 1 << 28);
  pb::ProfilesData data;
  EXPECT_TRUE(plain.ok());
  EXPECT_TRUE(data.ParseFromArray(plain->data.get(), static_cast<int>(plain->size)));
  return data;
}

TEST(OtlpTest, DecodingIsTheInverse) {
  ExpectInverse(SmallRecording());
  ExpectInverse(ServiceRecording(5000, 200));
}

TEST(OtlpTest, DecodingIsTheInverseOfAnyRecording) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Recording r;
    const int64_t period_ns = std::vector<int64_t>{0, 1, 100'000, 10'101'010}[random() % 4];
    r.profile.set_window(
        {absl::FromUnixNanos(kStartNs), absl::Milliseconds(random() % 9999), period_ns});
    const std::vector<Stack> stacks = ServiceStacks(1 + random() % 20, seed);
    const bool times = random() % 4 != 0;
    const bool wall = random() % 2 != 0;
    const bool whole = random() % 2 != 0;
    for (unsigned i = random() % 100; i-- > 0;) {
      const Labels labels{.pid = static_cast<int64_t>(random() % 3), .tid = 7, .thread = "t"};
      const uint32_t ticks = random() % 5 == 0 ? 1 + random() % 1000 : 1;
      const auto ns = static_cast<int64_t>(whole ? ticks * period_ns : 1 + random() % 1'000'000);
      const bool waits = wall && random() % 2 != 0;
      const Profile::StackId stack = random() % 20 == 0
                                         ? r.profile.InternStack({})
                                         : r.profile.InternStack(stacks[random() % stacks.size()]);
      const uint32_t sample = r.profile.Add(stack, labels, 1, waits ? 0 : ns, waits ? ns : 0);
      // Some of a merged recording's samples may have no time.
      if (times && random() % 50 != 0) {
        r.events.push_back(
            {kStartNs + static_cast<int64_t>(random() % 1'000'000'000), sample, ticks});
      }
    }
    if (random() % 2 != 0) r.profile.AddComment(absl::StrCat("profd.x ", random()));
    // A count that no event stands for is its number of periods: what has no time says so.
    ExpectInverse(r);
  }
}

TEST(OtlpTest, WhatNoFormatCanHoldIsReplacedOnce) {
  const auto first = DecodeOtlp(*EncodeOtlp(HostileRecording()));
  ASSERT_TRUE(first.ok()) << first.status();
  for (const auto& function : first->profile.functions()) EXPECT_TRUE(IsUtf8(function->name));
  EXPECT_EQ(first->events.size(), HostileRecording().events.size());
  ExpectInverse(*first);
}

TEST(OtlpTest, TablesBeginWithZeroValuesAndIndicesAreInThem) {
  const pb::ProfilesData data = Parsed(*EncodeOtlp(ServiceRecording(2000, 100)));
  const pb::ProfilesDictionary& d = data.dictionary();
  EXPECT_EQ(d.string_table(0), "");
  EXPECT_EQ(d.mapping_table(0).ByteSizeLong(), 0u);
  EXPECT_EQ(d.location_table(0).ByteSizeLong(), 0u);
  EXPECT_EQ(d.function_table(0).ByteSizeLong(), 0u);
  EXPECT_EQ(d.link_table(0).ByteSizeLong(), 0u);
  EXPECT_EQ(d.attribute_table(0).ByteSizeLong(), 0u);
  EXPECT_EQ(d.stack_table(0).ByteSizeLong(), 0u);
  std::set<std::string> strings(d.string_table().begin(), d.string_table().end());
  EXPECT_EQ(strings.size(), static_cast<size_t>(d.string_table_size()));
  for (const pb::Stack& stack : d.stack_table()) {
    for (const int id : stack.location_indices()) ASSERT_LT(id, d.location_table_size());
  }
  for (const pb::Profile& profile : data.resource_profiles(0).scope_profiles(0).profiles()) {
    std::set<std::string> identities;
    for (const pb::Sample& sample : profile.samples()) {
      ASSERT_LT(sample.stack_index(), d.stack_table_size());
      EXPECT_TRUE(sample.values_size() > 0 || sample.timestamps_unix_nano_size() > 0);
      if (sample.values_size() > 0 && sample.timestamps_unix_nano_size() > 0) {
        EXPECT_EQ(sample.values_size(), sample.timestamps_unix_nano_size());
      }
      pb::Sample identity;
      identity.set_stack_index(sample.stack_index());
      *identity.mutable_attribute_indices() = sample.attribute_indices();
      EXPECT_TRUE(identities.insert(identity.SerializeAsString()).second);
      for (const uint64_t time : sample.timestamps_unix_nano()) {
        EXPECT_GE(time, profile.time_unix_nano());
        EXPECT_LT(time, profile.time_unix_nano() + profile.duration_nano());
      }
    }
  }
}

TEST(OtlpTest, TimesAloneWhereEachEventIsOnePeriod) {
  Recording r;
  r.profile.set_window({absl::FromUnixNanos(kStartNs), absl::Seconds(1), kPeriodNs});
  AddEvent(&r, {PythonFrame("f", 1)}, Labels{.pid = 1}, kStartNs + 5'000'000);
  const pb::ProfilesData data = Parsed(*EncodeOtlp(r));
  const pb::ScopeProfiles& scope = data.resource_profiles(0).scope_profiles(0);
  ASSERT_EQ(scope.profiles_size(), 1);
  EXPECT_EQ(scope.profiles(0).samples(0).values_size(), 0);
  EXPECT_EQ(scope.profiles(0).samples(0).timestamps_unix_nano_size(), 1);
}

TEST(OtlpTest, TimesAreRoundedToHalfAPeriodAtMost) {
  EXPECT_EQ(TimeResolutionNs(0), 1 << 22);
  EXPECT_EQ(TimeResolutionNs(10'101'010), 1 << 22);
  EXPECT_EQ(TimeResolutionNs(1'001'001), 1 << 18);
  EXPECT_EQ(TimeResolutionNs(100'000), 1 << 15);
  EXPECT_EQ(TimeResolutionNs(1), 1);
}

// Entry 0 of each table means none.
void BeginTables(std::initializer_list<const char*> strings, pb::ProfilesDictionary* d) {
  for (const char* s : strings) d->add_string_table(s);
  d->add_mapping_table(), d->add_function_table(), d->add_location_table(), d->add_stack_table();
  d->add_attribute_table();
}

// As OpenTelemetry's own eBPF profiler writes: labels with the resource, events without values.
TEST(OtlpTest, ReadsOtherWriters) {
  pb::ProfilesData data;
  pb::ProfilesDictionary& d = *data.mutable_dictionary();
  BeginTables({"", "samples", "count", "cpu", "nanoseconds", "f", "f.rb", "off_cpu"}, &d);
  pb::Function* const f = d.add_function_table();
  f->set_name_strindex(5), f->set_filename_strindex(6);
  pb::Location* const l = d.add_location_table();
  for (int i = 0; i < 2; ++i) l->add_lines()->set_function_index(1);
  d.add_stack_table()->add_location_indices(1);
  pb::ResourceProfiles* const resource = data.add_resource_profiles();
  auto* const pid = resource->mutable_resource()->add_attributes();
  pid->set_key("process.pid"), pid->mutable_value()->set_int_value(12);
  auto* const container = resource->mutable_resource()->add_attributes();
  container->set_key("container.id"), container->mutable_value()->set_string_value("abc");
  pb::Profile* const p = resource->add_scope_profiles()->add_profiles();
  p->mutable_sample_type()->set_type_strindex(1), p->mutable_sample_type()->set_unit_strindex(2);
  p->mutable_period_type()->set_type_strindex(3), p->mutable_period_type()->set_unit_strindex(4);
  p->set_period(50'000'000);
  pb::Sample* const s = p->add_samples();
  s->set_stack_index(1);
  s->add_timestamps_unix_nano(kStartNs + 9), s->add_timestamps_unix_nano(kStartNs + 3);

  const auto recording = DecodeRecording(data.SerializeAsString());
  ASSERT_TRUE(recording.ok()) << recording.status();
  ASSERT_EQ(recording->profile.samples().size(), 1u);
  const Profile::Sample& sample = recording->profile.samples()[0];
  EXPECT_EQ(sample.count, 2);
  EXPECT_EQ(sample.cpu_ns, 100'000'000);
  EXPECT_EQ(recording->profile.labels(sample.labels), (Labels{.pid = 12, .container = "abc"}));
  EXPECT_EQ(recording->profile.stack(sample.stack).size(), 2u);
  ASSERT_EQ(recording->events.size(), 2u);
  EXPECT_EQ(recording->events[0].time_ns, kStartNs + 3);

  p->mutable_sample_type()->set_type_strindex(7), p->mutable_sample_type()->set_unit_strindex(4);
  s->add_values(70), s->add_values(50'000'000);
  const auto waiting = DecodeRecording(data.SerializeAsString());
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  EXPECT_EQ(waiting->profile.samples()[0].wall_ns, 50'000'070);
  EXPECT_EQ(waiting->profile.samples()[0].count, 2);
}

// Samples on the CPU that are counted, and time off it beside them.
TEST(OtlpTest, CountsAreCpuTimeBesideTimeOffTheCpu) {
  pb::ProfilesData data;
  pb::ProfilesDictionary& d = *data.mutable_dictionary();
  BeginTables({"", "samples", "count", "cpu", "nanoseconds", "off_cpu", "f", "g"}, &d);
  pb::ScopeProfiles* const scope = data.add_resource_profiles()->add_scope_profiles();
  for (int i = 1; i <= 2; ++i) {
    d.add_function_table()->set_name_strindex(5 + i);
    d.add_location_table()->add_lines()->set_function_index(i);
    d.add_stack_table()->add_location_indices(i);
    pb::Profile* const p = scope->add_profiles();
    p->mutable_sample_type()->set_type_strindex(i == 1 ? 1 : 5);
    p->mutable_sample_type()->set_unit_strindex(i == 1 ? 2 : 4);
    p->mutable_period_type()->set_type_strindex(3), p->mutable_period_type()->set_unit_strindex(4);
    p->set_period(50'000'000);
    pb::Sample* const s = p->add_samples();
    s->set_stack_index(i);
    for (int j = 0; j < 3; ++j) s->add_timestamps_unix_nano(kStartNs + 10 * i + j);
    for (int j = 0; j < 3; ++j) s->add_values(i == 1 ? 1 : 7);
  }
  const auto recording = DecodeRecording(data.SerializeAsString());
  ASSERT_TRUE(recording.ok()) << recording.status();
  const auto samples = recording->profile.samples();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].count, 3);
  EXPECT_EQ(samples[0].cpu_ns, 150'000'000);
  EXPECT_EQ(samples[0].wall_ns, 150'000'000);
  EXPECT_EQ(samples[1].count, 3);
  EXPECT_EQ(samples[1].cpu_ns, 0);
  EXPECT_EQ(samples[1].wall_ns, 21);
  EXPECT_EQ(recording->events.size(), 6u);
}

TEST(OtlpTest, BytesAnEvent) {
  // A minute of sixteen threads whose stacks come in no order at all: harder than any program.
  const Recording r = ServiceRecording(100'000, 500, 16);
  const auto file = EncodeOtlp(r);
  ASSERT_TRUE(file.ok());
  const double bytes = static_cast<double>(file->size()) / static_cast<double>(r.events.size());
  RecordProperty("bytes_per_event", absl::StrCat(bytes));
  EXPECT_LT(bytes, 3.6);
}

// Damage is told, or yields some recording; never a crash or a long loop.
TEST(OtlpTest, DamageIsHarmless) {
  const auto plain = GzipDecompress(*EncodeOtlp(SmallRecording()), 1 << 24);
  ASSERT_TRUE(plain.ok());
  const std::string good(plain->view());
  for (size_t i = 0; i < good.size(); ++i) {
    DecodeOtlp(good.substr(0, i)).IgnoreError();
    for (const int flip : {1, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      DecodeOtlp(bad).IgnoreError();
    }
  }
}

TEST(OtlpTest, CommentsAreCutAndCounted) {
  Recording recording = SmallRecording();
  recording.profile.AddComment(std::string(100'000, 'x'));
  const auto cut = DecodeOtlp(*EncodeOtlp(recording));
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_EQ(cut->profile.comments().back().size(), 8192u);

  Recording many = SmallRecording();
  for (int i = 0; i < 1000; ++i) many.profile.AddComment("the same");
  const std::string file = *EncodeOtlp(many);
  EXPECT_EQ(DecodeOtlp(file, {.max_entries = 500}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(DecodeOtlp(file, {.max_entries = 2000}).ok());
}

TEST(OtlpTest, LimitsAreMetAloud) {
  const std::string file = *EncodeOtlp(ServiceRecording(2000, 100));
  const auto code = [&](const OtlpDecodeOptions& options) {
    return DecodeOtlp(file, options).status().code();
  };
  EXPECT_EQ(code({.max_uncompressed_bytes = 1000}), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code({.max_entries = 50}), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code({.max_frames = 50}), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code({.max_events = 50}), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code({.max_entry_bytes = 2}), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code({}), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace profd
