#include "userspace/views/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <locale.h>

#include <string>
#include <utility>

#include "tests/userspace/views/made_profile.h"
#include "userspace/views/cells.h"

namespace profd {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ScreenSize kUsual{80, 24};

Recording MadeRecording(bool with_times) {
  Recording recording;
  Profile& profile = recording.profile;
  AddMade(&profile, {MadeFrame("hot"), MadeFrame("caller"), MadeFrame("main")}, 60, 1);
  AddMade(&profile, {MadeFrame("warm"), MadeFrame("caller"), MadeFrame("main")}, 30, 1);
  AddMade(&profile, {MadeFrame("cold"), MadeFrame("main")}, 10, 2);
  if (!with_times) return recording;
  // hot in the first half, warm and then cold in the second.
  for (int i = 0; i < 60; ++i) recording.events.push_back({i * 10, 0, 1});
  for (int i = 0; i < 30; ++i) recording.events.push_back({600 + i * 15, 1, 1});
  for (int i = 0; i < 10; ++i) recording.events.push_back({1050 + i * 10, 2, 1});
  return recording;
}

class ExplorerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (setlocale(LC_CTYPE, "C.UTF-8") == nullptr) GTEST_SKIP() << "no locale C.UTF-8 here";
  }

  void Press(std::initializer_list<Key> keys) {
    for (const Key& key : keys) explorer_.Press(key, kUsual);
  }
  void Type(const std::string& text) {
    for (char c : text) Press({static_cast<char32_t>(c)});
  }
  std::string Text(const ScreenSize& size = kUsual) { return PlainText(explorer_.Render(size)); }

  Explorer explorer_{MadeRecording(true), Measure::kCpu, /*has_colour=*/false};
};

TEST_F(ExplorerTest, TableHasSelfAndCumulative) {
  EXPECT_THAT(Text(), HasSubstr("  60.0%    0.60s  60.0%    0.60s * hot"));
  EXPECT_THAT(Text(), HasSubstr("   0.0%    0.00s  90.0%    0.90s * caller"));
  Press({'s'});
  EXPECT_LT(Text().find("* main"), Text().find("* hot"));
}

TEST_F(ExplorerTest, EnterInTheTableShowsWhatIsBelowAndIWhoCalls) {
  Press({'s', 'j', Key::kEnter});
  EXPECT_THAT(Text(), HasSubstr("[below caller]"));
  EXPECT_THAT(Text(), HasSubstr("* hot"));
  EXPECT_THAT(Text(), Not(HasSubstr("* main")));
  Press({'i'});
  EXPECT_THAT(Text(), HasSubstr("[callers of caller]"));
  EXPECT_THAT(Text(), HasSubstr("* main"));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), Not(HasSubstr("[callers")));
}

TEST_F(ExplorerTest, TreeOpensAndCloses) {
  Press({'2'});
  EXPECT_THAT(Text(), HasSubstr("* hot"));  // on the way of what is heaviest
  Press({'g', 'h'});
  EXPECT_THAT(Text(), HasSubstr("* main"));
  EXPECT_THAT(Text(), Not(HasSubstr("* caller")));
  Press({'l'});
  EXPECT_THAT(Text(), HasSubstr("* caller"));
  EXPECT_THAT(Text(), HasSubstr("* cold"));
  Press({'l', 'h'});  // down to caller, which closes
  EXPECT_THAT(Text(), Not(HasSubstr("* hot")));
}

TEST_F(ExplorerTest, FlameGraphZoomsInAndOut) {
  Press({'3'});
  EXPECT_THAT(Text(), HasSubstr("* caller░░"));
  Press({'j', 'j', 'j', 'l'});  // main, caller, hot, warm
  EXPECT_THAT(Text(), HasSubstr("30.0% 0.30s (self 0.30s)  warm"));
  Press({'k', Key::kEnter});
  EXPECT_THAT(Text(), HasSubstr("(zoomed: Esc)"));
  EXPECT_THAT(Text(), Not(HasSubstr("* cold")));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), HasSubstr("* cold"));
}

TEST_F(ExplorerTest, ARangeRulesEveryView) {
  Press({'4'});
  EXPECT_THAT(Text(), HasSubstr("Enter: a range begins here"));
  Press({Key::kEnter});
  for (int i = 0; i < 10; ++i) Press({'l'});
  Press({Key::kEnter});
  Press({'1'});
  EXPECT_THAT(Text(), HasSubstr("* hot"));
  EXPECT_THAT(Text(), Not(HasSubstr("* warm")));
  Press({'3'});
  EXPECT_THAT(Text(), Not(HasSubstr("* warm")));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), HasSubstr("* warm"));
}

TEST_F(ExplorerTest, SearchCountsEachSampleOnceAndMovesInEveryView) {
  Press({'/'});
  Type("/caller|hot/");
  Press({Key::kEnter});
  EXPECT_THAT(Text(), HasSubstr("90.0%]"));
  Press({'3', 'n'});
  EXPECT_THAT(Text(), HasSubstr("  caller"));
  Press({'n'});
  EXPECT_THAT(Text(), HasSubstr("(self 0.60s)  hot"));
  Press({'N'});
  EXPECT_THAT(Text(), HasSubstr("(self 0.00s)  caller"));
  Press({Key::kEscape});
  EXPECT_THAT(Text(), Not(HasSubstr("90.0%]")));
}

TEST_F(ExplorerTest, HashIsThisNameEverywhere) {
  Press({'3', 'j', 'j', '#'});
  EXPECT_THAT(Text(), HasSubstr("[/caller 90.0%]"));
  Press({'1'});
  EXPECT_THAT(Text(), HasSubstr("[/caller 90.0%]"));
}

TEST_F(ExplorerTest, WithoutTimesTheTimelineSaysSo) {
  Explorer explorer(MadeRecording(false), Measure::kCpu, false);
  explorer.Press('4', kUsual);
  EXPECT_THAT(PlainText(explorer.Render(kUsual)), HasSubstr("has no times"));
  for (Key key : {Key(Key::kEnter), Key('l'), Key('n')}) explorer.Press(key, kUsual);
}

TEST_F(ExplorerTest, NothingRecordedIsNoFault) {
  Explorer explorer(Recording(), Measure::kCpu, false);
  for (char32_t room : {'1', '2', '3', '4'}) {
    for (const Key& key : {Key(room), Key('j'), Key('l'), Key('h'), Key('k'), Key('#'), Key('n'),
                           Key(Key::kEnter), Key('i'), Key(Key::kEscape), Key('G'), Key('s')}) {
      explorer.Press(key, kUsual);
      EXPECT_LE(explorer.Render({20, 6}).size(), 6u);
    }
    explorer.Press(room, kUsual);
  }
}

TEST_F(ExplorerTest, EveryScreenIsWithinItsSize) {
  for (bool has_colour : {false, true}) {
    Recording recording = MadeRecording(true);
    AddMade(
        &recording.profile,
        {MadeFrame("深い関数深い関数"), MadeFrame("שלום"), MadeFrame("\x1b[2J"), MadeFrame("f")},
        40);
    Stack deep;
    for (int i = 0; i < 300; ++i) deep.push_back(MadeFrame("d" + std::to_string(i)));
    AddMade(&recording.profile, deep, 50);
    Explorer explorer(std::move(recording), Measure::kCpu, has_colour);
    for (char32_t room : {'1', '2', '3', '4', '?'}) {
      explorer.Press(room, kUsual);
      for (int i = 0; i < 3; ++i) {
        for (int columns : {1, 2, 7, 20, 60, 80, 200}) {
          for (int rows : {1, 2, 3, 4, 12, 50}) {
            const Screen screen = explorer.Render({columns, rows});
            EXPECT_LE(screen.size(), static_cast<size_t>(rows));
            for (const Line& line : screen) {
              EXPECT_LE(CellWidth(line.text()), columns) << line.text();
              EXPECT_THAT(line.text(), Not(HasSubstr("\x1b")));
            }
          }
        }
        for (int j = 0; j < 40; ++j) explorer.Press('j', kUsual);
      }
    }
  }
}

TEST(FlameLayout, BoxesLieBelowTheirCallersAndDoNotOverlap) {
  Profile profile;
  for (int i = 0; i < 400; ++i) {
    AddMade(&profile, {MadeFrame("leaf" + std::to_string(i)), MadeFrame("main")}, 1);
  }
  AddMade(&profile, {MadeFrame("big"), MadeFrame("main")}, 400);
  const CallTree tree = BuildCallTree(profile, {});
  const auto boxes = LayOut(tree, 0, 80, 0, 10);
  ASSERT_EQ(boxes.size(), 4u);  // all, main, big, and the rest as one
  EXPECT_EQ(boxes[0].end - boxes[0].begin, 80);
  EXPECT_EQ(boxes[2].begin, 0);
  EXPECT_EQ(boxes[2].end, 40);
  EXPECT_TRUE(boxes[3].is_rest);
  EXPECT_EQ(boxes[3].begin, 40);
  EXPECT_EQ(boxes[3].end, 80);
}

TEST(RecordingRange, WeighsSamplesByTheirEvents) {
  Recording recording;
  AddMade(&recording.profile, {MadeFrame("f")}, 10);
  for (int i = 0; i < 10; ++i) recording.events.push_back({i, 0, 1});
  const Profile part = WithinRange(recording, {2, 5});
  ASSERT_EQ(part.samples().size(), 1u);
  EXPECT_EQ(part.samples()[0].count, 3);
  EXPECT_EQ(part.samples()[0].cpu_ns, 3 * kMadePeriodNs);
}

TEST(RecordingSum, FilesWithoutTimesStandAtTheirStart) {
  RecordingSum sum;
  for (int64_t second : {20, 10}) {
    Recording recording;
    AddMade(&recording.profile, {MadeFrame("f")}, second);
    recording.profile.set_window({absl::FromUnixSeconds(second), absl::Seconds(10), kMadePeriodNs});
    sum.Add(recording);
  }
  const Recording all = std::move(sum).Finish();
  ASSERT_EQ(all.events.size(), 2u);
  EXPECT_EQ(all.events[0].time_ns, 10'000'000'000);
  EXPECT_EQ(all.events[0].ticks, 10u);
  EXPECT_EQ(all.profile.samples()[0].count, 30);
}

}  // namespace
}  // namespace profd
