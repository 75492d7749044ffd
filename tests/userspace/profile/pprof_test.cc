#include "userspace/profile/pprof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "proto/profile.pb.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/gzip.h"

namespace profd {
namespace {

namespace pb = ::perftools::profiles;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const Window kWindow{absl::FromUnixMillis(1'795'257'000'123), absl::Seconds(60), 10'101'010};

pb::Profile Raw(const Profile& profile, const EncodeOptions& options = {}) {
  const auto bytes = EncodePprof(profile, options);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  const auto raw = GzipDecompress(*bytes, 1 << 30);
  EXPECT_TRUE(raw.ok()) << raw.status();
  pb::Profile out;
  EXPECT_TRUE(out.ParseFromArray(raw->data.get(), static_cast<int>(raw->size)));
  return out;
}

Profile MixedProfile() {
  Profile profile;
  profile.set_window(kWindow);
  const auto stack = profile.InternStack({
      MakeFrame(FrameKind::kKernel, "do_sys_read", ""),
      MakeFrame(FrameKind::kNative, "inflate", "/usr/lib/libz.so.1"),
      MakeFrame(FrameKind::kNative, "memcpy", "/usr/lib/libc.so.6"),
      MakeFrame(FrameKind::kPython, "decode", "/app/x.py", 10, 12),
      MakeFrame(FrameKind::kPython, "<module>", "/app/x.py", 1, 40),
      MakeFrame(FrameKind::kMarker, "[truncated]", ""),
  });
  profile.Add(stack, Labels{12, 13, "gunicorn", "worker", "3.11.7", "abc"}, 3, 30'303'030);
  profile.AddComment("profd.lost{reason=\"ring_full\"} 12");
  return profile;
}

using Key = std::tuple<std::vector<std::tuple<FrameKind, std::string, std::string, int, int>>,
                       int64_t, int64_t, std::string>;
std::map<Key, std::pair<int64_t, int64_t>> Weights(const Profile& profile) {
  std::map<Key, std::pair<int64_t, int64_t>> weights;
  for (const auto& sample : profile.samples()) {
    Key key;
    for (const uint32_t id : profile.stack(sample.stack)) {
      const auto& location = profile.locations()[id];
      const Function& f = *profile.functions()[location.function];
      std::get<0>(key).emplace_back(f.kind, f.name, f.file, f.first_line, location.line);
    }
    const Labels& labels = profile.labels(sample.labels);
    std::get<1>(key) = labels.pid;
    std::get<2>(key) = labels.tid;
    std::get<3>(key) =
        absl::StrCat(labels.comm, "|", labels.thread, "|", labels.python, "|", labels.container);
    weights[key].first += sample.count;
    weights[key].second += sample.cpu_ns;
  }
  return weights;
}

TEST(PprofTest, HeadIsAsReadersExpect) {
  const pb::Profile p = Raw(MixedProfile());
  const auto text = [&p](int64_t id) { return p.string_table(static_cast<int>(id)); };
  EXPECT_EQ(text(0), "");
  ASSERT_EQ(p.sample_type_size(), 2);
  EXPECT_EQ(text(p.sample_type(0).type()), "samples");
  EXPECT_EQ(text(p.sample_type(0).unit()), "count");
  EXPECT_EQ(text(p.sample_type(1).type()), "cpu");
  EXPECT_EQ(text(p.sample_type(1).unit()), "nanoseconds");
  EXPECT_EQ(text(p.period_type().type()), "cpu");
  EXPECT_EQ(text(p.period_type().unit()), "nanoseconds");
  EXPECT_EQ(text(p.default_sample_type()), "cpu");
  EXPECT_EQ(p.period(), 10'101'010);
  EXPECT_EQ(p.time_nanos(), 1'795'257'000'123'000'000);
  EXPECT_EQ(p.duration_nanos(), 60'000'000'000);
  EXPECT_EQ(p.drop_frames(), 0);
  ASSERT_EQ(p.comment_size(), 1);
  EXPECT_EQ(text(p.comment(0)), "profd.lost{reason=\"ring_full\"} 12");
}

TEST(PprofTest, OneMappingPerKindAndObjectFilePythonFirst) {
  const pb::Profile p = Raw(MixedProfile());
  std::vector<std::string> files;
  for (const auto& m : p.mapping()) {
    files.push_back(p.string_table(static_cast<int>(m.filename())));
    EXPECT_TRUE(m.has_functions());
    EXPECT_EQ(m.id(), files.size());
    EXPECT_EQ(m.has_filenames(), files.back() == kPythonMapping);
    EXPECT_EQ(m.has_line_numbers(), files.back() == kPythonMapping);
  }
  ASSERT_FALSE(files.empty());
  EXPECT_EQ(files[0], kPythonMapping);
  EXPECT_THAT(files, UnorderedElementsAre(kPythonMapping, kKernelMapping, kMarkerMapping,
                                          "/usr/lib/libz.so.1", "/usr/lib/libc.so.6"));
}

TEST(PprofTest, PythonMappingIsFirstWithoutPythonFrames) {
  Profile profile;
  profile.Add(profile.InternStack({MakeFrame(FrameKind::kNative, "f", "/lib/a.so")}), Labels{}, 1,
              1);
  const pb::Profile p = Raw(profile);
  EXPECT_EQ(p.string_table(static_cast<int>(p.mapping(0).filename())), kPythonMapping);
}

TEST(PprofTest, IdsAreDenseFromOneAndStacksLeafFirst) {
  const pb::Profile p = Raw(MixedProfile());
  for (int i = 0; i < p.location_size(); ++i)
    EXPECT_EQ(p.location(i).id(), static_cast<uint64_t>(i + 1));
  for (int i = 0; i < p.function_size(); ++i)
    EXPECT_EQ(p.function(i).id(), static_cast<uint64_t>(i + 1));
  ASSERT_EQ(p.sample_size(), 1);
  std::vector<std::string> names;
  for (const uint64_t id : p.sample(0).location_id()) {
    const auto& location = p.location(static_cast<int>(id - 1));
    const auto& function = p.function(static_cast<int>(location.line(0).function_id() - 1));
    names.push_back(p.string_table(static_cast<int>(function.name())));
    EXPECT_EQ(function.system_name(), 0);
  }
  EXPECT_THAT(names,
              ElementsAre("do_sys_read", "inflate", "memcpy", "decode", "<module>", "[truncated]"));
  EXPECT_THAT(p.sample(0).value(), ElementsAre(3, 30'303'030));
}

TEST(PprofTest, PidAndTidAreNumbersOtherLabelsStringsAndAbsentOnesAbsent) {
  Profile profile = MixedProfile();
  profile.Add(profile.InternStack({PythonFrame("f", 1)}), Labels{.pid = 5}, 1, 1);
  const pb::Profile p = Raw(profile);
  std::map<std::string, std::string> found;
  for (const auto& label : p.sample(0).label()) {
    found[p.string_table(static_cast<int>(label.key()))] =
        label.str() != 0 ? p.string_table(static_cast<int>(label.str()))
                         : absl::StrCat(label.num());
  }
  const std::map<std::string, std::string> expected = {{"pid", "12"},        {"tid", "13"},
                                                       {"comm", "gunicorn"}, {"thread", "worker"},
                                                       {"python", "3.11.7"}, {"container", "abc"}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(p.sample(1).label_size(), 1);
}

TEST(PprofTest, DecodesWhatItEncoded) {
  const Profile profile = MixedProfile();
  const auto back = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(Weights(*back), Weights(profile));
  EXPECT_EQ(back->window().start, kWindow.start);
  EXPECT_EQ(back->window().duration, kWindow.duration);
  EXPECT_EQ(back->window().period_ns, kWindow.period_ns);
  EXPECT_THAT(back->comments(), ElementsAre("profd.lost{reason=\"ring_full\"} 12"));
}

TEST(PprofTest, ObjectFilesNamedLikeOurMappingsStayNative) {
  Profile profile;
  profile.Add(profile.InternStack({MakeFrame(FrameKind::kNative, "f", "python"),
                                   MakeFrame(FrameKind::kNative, "g", "[kernel.kallsyms]"),
                                   MakeFrame(FrameKind::kNative, "h", "")}),
              Labels{}, 1, 1);
  const auto back = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_EQ(back->functions().size(), 3u);
  EXPECT_EQ(back->functions()[2]->file, "");
  for (const auto& function : back->functions()) EXPECT_EQ(function->kind, FrameKind::kNative);
}

TEST(PprofTest, EqualProfilesMakeEqualBytes) {
  const auto make = [] {
    Profile profile;
    profile.set_window(kWindow);
    int64_t pid = 0;
    for (const Stack& stack : ServiceStacks(500)) {
      profile.Add(profile.InternStack(stack), Labels{.pid = ++pid, .comm = "x"}, 1, pid);
    }
    return *EncodePprof(profile);
  };
  EXPECT_EQ(make(), make());
}

TEST(PprofTest, TotalWeightInIsTotalWeightOut) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Stack> stacks = ServiceStacks(1 + random() % 300, seed);
    // Some runs meet a limit: no weight may be lost there either.
    Profile profile(seed % 3 == 0 ? Profile::Limits{.samples = 97} : Profile::Limits{});
    int64_t count = 0, cpu_ns = 0;
    for (int i = 0; i < 2003; ++i) {
      const auto c = static_cast<int64_t>(random() % 5);
      const auto ns = static_cast<int64_t>(random() % 1'000'003);
      const Labels labels{.pid = static_cast<int64_t>(random() % 7),
                          .comm = absl::StrCat("c", random() % 3)};
      profile.Add(profile.InternStack(stacks[random() % stacks.size()]), labels, c, ns);
      count += c;
      cpu_ns += ns;
    }
    const auto back = DecodePprof(*EncodePprof(profile));
    ASSERT_TRUE(back.ok()) << back.status();
    for (const auto& sample : back->samples()) {
      count -= sample.count;
      cpu_ns -= sample.cpu_ns;
    }
    EXPECT_EQ(count, 0) << "seed " << seed;
    EXPECT_EQ(cpu_ns, 0) << "seed " << seed;
    EXPECT_TRUE(Weights(*back) == Weights(profile)) << "seed " << seed;
  }
}

// Pitfall 37
TEST(PprofTest, NamesThatAreNotUtf8BecomeReadable) {
  Profile profile;
  profile.Add(profile.InternStack({PythonFrame("caf\xe9", 1), PythonFrame("日本語", 2)}),
              Labels{.comm = "\xff"}, 1, 1);
  profile.AddComment("\xfe");
  const auto back = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->functions()[0]->name, "caf\uFFFD");
  EXPECT_EQ(back->functions()[1]->name, "日本語");
  EXPECT_EQ(back->labels(back->samples()[0].labels).comm, "\uFFFD");
  EXPECT_THAT(back->comments(), ElementsAre("\uFFFD"));
}

// Pitfall 45
TEST(PprofTest, HugeNamesAreCut) {
  Profile profile;
  profile.Add(profile.InternStack({PythonFrame(std::string(10 << 20, 'x'), 1)}), Labels{}, 1, 1);
  const auto back = DecodePprof(*EncodePprof(profile, {.max_string_bytes = 1000}));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->functions()[0]->name, std::string(997, 'x') + "…");
}

// Another writer's: the source of compiled code, with lines. Ours have the object that holds them.
TEST(PprofTest, NativeFunctionsKeepTheirSourceFiles) {
  Profile profile;
  const Frame compiled{std::make_shared<const Function>(
                           Function{FrameKind::kNative, "main.work", "/src/main.go", 10}),
                       12};
  const Frame ours = MakeFrame(FrameKind::kNative, "deflate", "/usr/lib/libz.so.1");
  profile.Add(profile.InternStack({ours, compiled}), Labels{}, 1, 1);
  const pb::Profile raw = Raw(profile);
  const auto text = [&raw](int64_t index) { return raw.string_table(static_cast<int>(index)); };
  ASSERT_EQ(raw.function_size(), 2);
  EXPECT_EQ(text(raw.function(0).filename()), "");
  EXPECT_EQ(text(raw.function(1).filename()), "/src/main.go");
  for (const pb::Mapping& mapping : raw.mapping())
    EXPECT_NE(text(mapping.filename()), "/src/main.go");
  const auto back = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->functions()[0]->file, "/usr/lib/libz.so.1");
  EXPECT_EQ(back->functions()[1]->file, "/src/main.go");
}

TEST(PprofTest, WhatLimitsDidIsInTheComments) {
  Profile profile(Profile::Limits{.samples = 1, .stack_frames = 1, .comments = 0});
  profile.AddComment("x");
  for (int i = 0; i < 3; ++i) {
    profile.Add(profile.InternStack({PythonFrame(absl::StrCat(i), 1), PythonFrame("r", 1)}),
                Labels{}, 1, 1);
  }
  const auto back = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(back->comments(), ElementsAre("profd.collapsed_samples 2", "profd.cut_stacks 1",
                                            "profd.comments_dropped 1"));
}

TEST(PprofTest, AnEmptyProfileIsAFile) {
  const auto back = DecodePprof(*EncodePprof(Profile()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->samples().empty());
}

TEST(PprofTest, RefusesACompressionLevelThatDoesNotExist) {
  EXPECT_EQ(EncodePprof(Profile(), {.compression_level = 99}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PprofTest, WallTimeIsAThirdValueWhereThereIsAny) {
  EXPECT_EQ(Raw(MixedProfile()).sample_type_size(), 2);
  Profile profile = MixedProfile();
  profile.Add(profile.InternStack({MakeFrame(FrameKind::kWaiting, "[waiting: lock]", "")}),
              Labels(), 1, 0, 40'000'000);
  const pb::Profile raw = Raw(profile);
  ASSERT_EQ(raw.sample_type_size(), 3);
  EXPECT_EQ(raw.string_table(static_cast<int>(raw.sample_type(2).type())), "wall");
  EXPECT_EQ(raw.string_table(static_cast<int>(raw.sample_type(2).unit())), "nanoseconds");
  const auto decoded = DecodePprof(*EncodePprof(profile));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_TRUE(decoded->has_wall());
  int64_t cpu_ns = 0, wall_ns = 0;
  for (const Profile::Sample& sample : decoded->samples()) {
    cpu_ns += sample.cpu_ns;
    wall_ns += sample.wall_ns;
  }
  EXPECT_EQ(cpu_ns, 30'303'030);
  EXPECT_EQ(wall_ns, 40'000'000);
}

}  // namespace
}  // namespace profd
