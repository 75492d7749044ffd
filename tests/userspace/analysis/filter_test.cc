#include "userspace/analysis/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/comments.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// main → work → leaf of pid 1, main → other of pid 2; ten seconds.
Recording MakeRecording() {
  Recording recording;
  Profile& profile = recording.profile;
  const Frame main = PythonFrame("main", 1), work = PythonFrame("work", 2);
  const Frame leaf = MakeFrame(FrameKind::kNative, "leaf", "/usr/lib/libc.so.6");
  const Frame other = PythonFrame("other", 3);
  profile.Add(profile.InternStack({leaf, work, main}),
              Labels{1, 11, "web", "worker-1", "3.12.1", "abcdef"}, 6, 60);
  profile.Add(profile.InternStack({other, main}), Labels{2, 22, "cron", "main", "3.1.2", ""}, 4,
              40);
  profile.set_window({kStart, absl::Seconds(10), 10});
  profile.AddComment(ProcessCpuComment(1, "web", absl::Seconds(1)));
  profile.AddComment(ProcessCpuComment(2, "cron", absl::Seconds(2)));
  profile.AddComment(LostComment("ring_full", 5));
  return recording;
}

Recording WithEvents() {
  Recording recording = MakeRecording();
  for (int i = 0; i < 10; ++i) {
    const absl::Time time = kStart + absl::Seconds(i) + absl::Milliseconds(500);
    recording.events.push_back({absl::ToUnixNanos(time), i < 6 ? 0u : 1u, 1});
  }
  return recording;
}

std::vector<std::string> Stacks(const Recording& recording) {
  std::vector<std::string> stacks;
  const Profile& profile = recording.profile;
  for (const Profile::Sample& sample : profile.samples()) {
    std::string text = absl::StrCat(sample.cpu_ns);
    for (const uint32_t id : profile.stack(sample.stack)) {
      absl::StrAppend(&text, " ", profile.functions()[profile.locations()[id].function]->name);
    }
    stacks.push_back(text);
  }
  return stacks;
}

Recording Filtered(const FilterOptions& options, const Recording& recording = MakeRecording()) {
  auto filter = Filter::Create(options, absl::UTCTimeZone());
  EXPECT_TRUE(filter.ok()) << filter.status();
  EXPECT_FALSE(filter->is_empty());
  filter->SetExtent(ExtentOf(recording));
  return filter->Apply(recording);
}

TEST(Filter, WithoutOptionsIsEmpty) { EXPECT_TRUE(Filter::Create({})->is_empty()); }

TEST(Filter, KeepsSamplesOfTheLabels) {
  const std::string web = "60 leaf work main", cron = "40 other main";
  EXPECT_THAT(Stacks(Filtered({.pids = {1}})), ElementsAre(web));
  EXPECT_THAT(Stacks(Filtered({.pids = {1, 2}})), ElementsAre(web, cron));
  EXPECT_THAT(Stacks(Filtered({.comms = {"^cr"}})), ElementsAre(cron));
  EXPECT_THAT(Stacks(Filtered({.threads = {"worker-\\d+"}})), ElementsAre(web));
  EXPECT_THAT(Stacks(Filtered({.containers = {"abc"}})), ElementsAre(web));
  EXPECT_THAT(Stacks(Filtered({.pythons = {"3.1"}})), ElementsAre(cron));
  EXPECT_THAT(Stacks(Filtered({.pythons = {"3"}})), ElementsAre(web, cron));
  EXPECT_THAT(Stacks(Filtered({.labels = {"thread=main"}})), ElementsAre(cron));
  EXPECT_THAT(Stacks(Filtered({.labels = {"pid=1", "pid=2"}})), ElementsAre(web, cron));
  EXPECT_THAT(Stacks(Filtered({.labels = {"pid=1", "tid=22"}})), IsEmpty());
  EXPECT_THAT(Stacks(Filtered({.pids = {1}, .comms = {"cron"}})), IsEmpty());
}

TEST(Filter, ChoosesStacksAndFrames) {
  EXPECT_THAT(Stacks(Filtered({.focus = "^work"})), ElementsAre("60 leaf work main"));
  EXPECT_THAT(Stacks(Filtered({.focus = "libc"})), ElementsAre("60 leaf work main"));
  EXPECT_THAT(Stacks(Filtered({.ignore = "work"})), ElementsAre("40 other main"));
  EXPECT_THAT(Stacks(Filtered({.hide = "libc|main "})), ElementsAre("60 work", "40 other"));
  EXPECT_THAT(Stacks(Filtered({.root = "work"})), ElementsAre("60 leaf work"));
}

TEST(Filter, HidesKindsOfFrames) {
  EXPECT_THAT(Stacks(Filtered({.hide_kinds = {"native"}})),
              ElementsAre("60 work main", "40 other main"));
  EXPECT_THAT(Stacks(Filtered({.hide = "work", .hide_kinds = {"kernel", "native"}})),
              ElementsAre("60 main", "40 other main"));
}

TEST(Filter, HidingMakesStacksEqualWithoutLosingWeight) {
  EXPECT_THAT(Stacks(Filtered({.hide = "leaf|work|other"})), ElementsAre("60 main", "40 main"));
  Recording one = MakeRecording();
  EXPECT_THAT(Stacks(Filtered({.hide = "."}, one)), ElementsAre("60", "40"));
}

TEST(Filter, TakesEventsOfTheRangeAndTheirShareOfTheWeight) {
  const Recording cut = Filtered({.from = "+4s", .to = "+8s"}, WithEvents());
  EXPECT_THAT(Stacks(cut), ElementsAre("20 leaf work main", "20 other main"));
  EXPECT_EQ(cut.events.size(), 4u);
  EXPECT_EQ(cut.profile.window().start, kStart + absl::Seconds(4));
  EXPECT_EQ(cut.profile.window().duration, absl::Seconds(4));
  EXPECT_THAT(cut.profile.comments(), IsEmpty());  // they were of all ten seconds
}

TEST(Filter, RangesThatTouchShareOutTheWhole) {
  const Recording all = WithEvents();
  int64_t cpu_ns = 0, count = 0;
  size_t events = 0;
  for (const auto& [from, to] : {std::pair("+0s", "+3s"), {"+3s", "+7s"}, {"+7s", "+10s"}}) {
    const Recording part = Filtered({.from = from, .to = to}, all);
    for (const auto& sample : part.profile.samples()) {
      cpu_ns += sample.cpu_ns;
      count += sample.count;
    }
    events += part.events.size();
  }
  EXPECT_EQ(cpu_ns, 100);
  EXPECT_EQ(count, 10);
  EXPECT_EQ(events, 10u);
}

TEST(Filter, ARangeThatHoldsAllChangesNothing) {
  const Recording cut = Filtered({.from = "+0s"}, WithEvents());
  EXPECT_THAT(Stacks(cut), ElementsAre("60 leaf work main", "40 other main"));
  EXPECT_EQ(cut.profile.comments().size(), 3u);
}

TEST(Filter, WindowsWithoutEventsCountWholeOrNotAtAll) {
  const auto filter = Filter::Create({.from = "2023-11-14T22:13:25Z"});  // 5 s after kStart
  ASSERT_TRUE(filter.ok());
  const Recording recording = MakeRecording();
  EXPECT_TRUE(filter->Overlaps(recording));
  EXPECT_TRUE(filter->IsCutByRange(recording));
  EXPECT_EQ(filter->Apply(recording).profile.samples().size(), 2u);
  const auto later = Filter::Create({.from = "2023-11-14T22:13:30Z"});
  EXPECT_FALSE(later->Overlaps(recording));
  EXPECT_THAT(Stacks(later->Apply(recording)), IsEmpty());
}

TEST(Filter, KeepsCpuTimeOfTheProcessesThatItKeeps) {
  EXPECT_THAT(Filtered({.pids = {1}}).profile.comments(),
              ElementsAre(HasSubstr("pid=\"1\""), HasSubstr("ring_full")));
}

TEST(Filter, NamesTheFlagThatIsWrong) {
  const auto message = [](const FilterOptions& options) {
    return std::string(Filter::Create(options).status().message());
  };
  EXPECT_THAT(message({.from = "noon"}), HasSubstr("--from: \"noon\" is no time"));
  EXPECT_THAT(message({.comms = {"("}}), HasSubstr("--comm: \"(\" is no regular expression"));
  EXPECT_THAT(message({.labels = {"host=x"}}), HasSubstr("--label: "));
  EXPECT_THAT(message({.labels = {"pid"}}), HasSubstr("--label: "));
  EXPECT_THAT(message({.hide = "*"}), HasSubstr("--hide: "));
  EXPECT_THAT(message({.hide_kinds = {"c"}}),
              HasSubstr("--hide-kind: \"c\" is none of own, library, stdlib, native, "));
}

TEST(TimeSpec, ReadsWhatPeopleType) {
  const absl::TimeZone zone = absl::FixedTimeZone(3600);
  const Extent day{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 0, 0), zone),
                   absl::FromCivil(absl::CivilSecond(2026, 11, 21, 12, 0, 0), zone)};
  const auto resolve = [&](const char* text, const Extent& extent, TimeSpec::Side side) {
    const auto spec = TimeSpec::Parse(text, zone);
    EXPECT_TRUE(spec.ok()) << spec.status();
    return absl::FormatTime("%Y-%m-%d %H:%M:%E*S", spec->Resolve(extent, side), zone);
  };
  constexpr auto kFrom = TimeSpec::Side::kFrom, kTo = TimeSpec::Side::kTo;
  EXPECT_EQ(resolve("2026-11-21T10:05:00Z", day, kFrom), "2026-11-21 11:05:00");
  EXPECT_EQ(resolve("2026-11-21T10:05", day, kFrom), "2026-11-21 10:05:00");
  EXPECT_EQ(resolve("2026-11-21 10:05:01.5", day, kFrom), "2026-11-21 10:05:01.5");
  EXPECT_EQ(resolve("2026-11-21T10:05:00+02:00", day, kFrom), "2026-11-21 09:05:00");
  EXPECT_EQ(resolve("2026-11-22", day, kTo), "2026-11-22 00:00:00");
  EXPECT_EQ(resolve("11:30", day, kFrom), "2026-11-21 11:30:00");
  EXPECT_EQ(resolve("09:30:15", day, kFrom), "2026-11-21 09:30:15");
  EXPECT_EQ(resolve("-5m", day, kFrom), "2026-11-21 11:55:00");
  EXPECT_EQ(resolve("+1h30m", day, kTo), "2026-11-21 11:30:00");

  const Extent night{absl::FromCivil(absl::CivilSecond(2026, 11, 21, 23, 0, 0), zone),
                     absl::FromCivil(absl::CivilSecond(2026, 11, 22, 1, 0, 0), zone)};
  EXPECT_EQ(resolve("23:30", night, kFrom), "2026-11-21 23:30:00");
  EXPECT_EQ(resolve("00:30", night, kTo), "2026-11-22 00:30:00");
  EXPECT_EQ(resolve("22:00", night, kFrom), "2026-11-21 22:00:00");
  EXPECT_EQ(resolve("02:00", night, kTo), "2026-11-22 02:00:00");
  for (const char* wrong : {"", "5m", "25:00", "yesterday", "-", "2026-13-01"}) {
    EXPECT_FALSE(TimeSpec::Parse(wrong, zone).ok()) << wrong;
  }
}

}  // namespace
}  // namespace profd
