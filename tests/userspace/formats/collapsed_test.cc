#include "userspace/formats/collapsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_split.h"
#include "tests/userspace/formats/recordings.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CollapsedTest, ALineForEachStackFromTheRootOn) {
  EXPECT_EQ(EncodeCollapsed(SmallRecording().profile),
            "<module> (/app/x.py:40) 1\n"
            "<module> (/app/x.py:40);fib (/app/x.py:12);fib (/app/x.py:12);fib (/app/x.py:12) 3\n"
            "<module> (/app/x.py:40);fib (/app/x.py:12);inflate (/usr/lib/libz.so.1);"
            "ksys_read_[k] 1\n");
}

TEST(CollapsedTest, ProcessesAndThreadsAsRoots) {
  const std::string text =
      EncodeCollapsed(SmallRecording().profile, {.process_roots = true, .thread_roots = true});
  EXPECT_THAT(text, HasSubstr("process 77:\"celery\";thread 77:\"MainThread\";<module> "));
  EXPECT_THAT(text, HasSubstr("process 4242:\"gunicorn\";thread 4243:\"worker\";<module> "));
}

TEST(CollapsedTest, LinesOfAFunctionCanBeOneFrame) {
  const std::string first =
      EncodeCollapsed(SmallRecording().profile, {.lines = FrameLines::kFirst});
  EXPECT_THAT(first, HasSubstr("<module> (/app/x.py:1);fib (/app/x.py:10)"));
  const std::string none = EncodeCollapsed(SmallRecording().profile, {.lines = FrameLines::kNone});
  EXPECT_THAT(none, HasSubstr("<module> (/app/x.py);fib (/app/x.py);"));
}

TEST(CollapsedTest, WeightsArePeriodsNotSamples) {
  Profile profile;
  profile.set_window({.period_ns = 10});
  profile.Add(profile.InternStack({PythonFrame("a", 1)}), Labels(), 1, 30);
  profile.Add(profile.InternStack({PythonFrame("b", 1)}), Labels(), 1, 4);
  profile.Add(profile.InternStack({PythonFrame("w", 1)}), Labels(), 1, 0, 50);
  EXPECT_EQ(EncodeCollapsed(profile, {.lines = FrameLines::kNone}),
            "a (/srv/app/main.py) 3\nb (/srv/app/main.py) 1\nw (/srv/app/main.py) 5\n");
}

// What was written, read, and written again.
TEST(CollapsedTest, ReadingIsTheInverse) {
  for (const Recording& recording : {SmallRecording(), ServiceRecording(3000, 300)}) {
    const FormatOptions roots{.process_roots = true, .thread_roots = true};
    const std::string text = EncodeCollapsed(recording.profile, roots);
    const auto decoded = DecodeCollapsed(text);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(EncodeCollapsed(*decoded, roots), text);
  }
}

TEST(CollapsedTest, ReadingFindsKindsFilesLinesAndLabels) {
  const auto profile = DecodeCollapsed(
      "process 7:\"web\";thread 9:\"w 1\";main (a b.py:3);inflate (libz.so.1);read_[k] 4\n"
      "\n# a comment\nmain (a b.py:3);[truncated] 2\r\n");
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->samples().size(), 2u);
  const Profile::Sample& sample = profile->samples()[0];
  EXPECT_EQ(sample.count, 4);
  EXPECT_EQ(sample.cpu_ns, 4 * kCollapsedPeriodNs);
  EXPECT_EQ(profile->labels(sample.labels), (Labels{7, 9, "web", "w 1"}));
  std::vector<std::string> frames;
  for (const uint32_t id : profile->stack(sample.stack)) {
    const Profile::Location& location = profile->locations()[id];
    const Function& f = *profile->functions()[location.function];
    frames.push_back(
        absl::StrCat(static_cast<int>(f.kind), "|", f.name, "|", f.file, "|", location.line));
  }
  EXPECT_THAT(frames, ElementsAre("2|read||0", "1|inflate|libz.so.1|0", "0|main|a b.py|3"));
  EXPECT_THAT(profile->comments(), ElementsAre("profd.assumed_period_ns 10000000"));
}

TEST(CollapsedTest, NoNameCanMakeALineOrAFrame) {
  const std::string text = EncodeCollapsed(HostileRecording().profile, {.process_roots = true});
  EXPECT_TRUE(IsUtf8(text));
  const auto profile = DecodeCollapsed(text);
  ASSERT_TRUE(profile.ok()) << profile.status();
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ';'), 2) << line;
    EXPECT_THAT(std::string(line), HasSubstr(";caller (/srv/app/main.py:7);"));
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20u);
  }
}

TEST(CollapsedTest, ADifferenceOfTwoProfilesIsNotReadAsOne) {
  const std::string diff = EncodeDiffCollapsed(SmallRecording().profile, SmallRecording().profile);
  const auto profile = DecodeCollapsed(diff);
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(profile.status().message(), HasSubstr("difference of two profiles"));
}

TEST(CollapsedTest, AFrameMayEndInANumber) {
  const auto profile = DecodeCollapsed("main;Thread 12 3\nmain;42 3\nmain;f 3\n");
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->functions().size(), 4u);
  EXPECT_EQ(profile->functions()[0]->name, "Thread 12");
}

TEST(CollapsedTest, ErrorsNameTheLine) {
  EXPECT_THAT(DecodeCollapsed("a;b 1\nno count\n").status().message(), HasSubstr("line 2"));
  EXPECT_FALSE(DecodeCollapsed("a -1").ok());
  EXPECT_FALSE(DecodeCollapsed(" 3").ok());
}

TEST(CollapsedTest, CountsTooLargeForTheirTimeStopAtTheMost) {
  const auto profile = DecodeCollapsed("a 9223372036854775807\nb 1e17\n");
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->samples()[0].cpu_ns, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(profile->samples()[1].count, int64_t{100'000'000'000'000'000});
}

TEST(CollapsedTest, DeepLinesAreCutAtTheOutermost) {
  std::string line = "root";
  for (int i = 0; i < 100'000; ++i) line += ";f";
  const auto profile = DecodeCollapsed(line + " 1");
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->stack(profile->samples()[0].stack).size(), Profile::Limits().stack_frames);
  EXPECT_EQ(profile->cut_stacks(), 1);
}

}  // namespace
}  // namespace profd
