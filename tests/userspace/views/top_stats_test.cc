#include "userspace/views/top_stats.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/userspace/views/made_profile.h"
#include "userspace/analysis/profile_sum.h"
#include "userspace/views/neighbours.h"

namespace profd {
namespace {

const TopStats::Row* Find(const TopStats& stats, const std::string& name) {
  for (const TopStats::Row& row : stats.rows()) {
    if (row.function->name == name) return &row;
  }
  return nullptr;
}

Profile OneLeaf(const std::string& name, int64_t count) {
  Profile profile;
  AddMade(&profile, {MadeFrame(name), MadeFrame("main")}, count);
  return profile;
}

TEST(TopStats, RecursionCountsOnceInCumulative) {
  Profile profile;
  AddMade(&profile, {MadeFrame("f", 3), MadeFrame("f", 3), MadeFrame("f", 2), MadeFrame("main")},
          5);
  AddMade(&profile, {MadeFrame("main")}, 5);
  TopStats stats(false);
  stats.Add(profile);
  EXPECT_EQ(Find(stats, "f")->cumulative.ns, 5 * kMadePeriodNs);
  EXPECT_EQ(Find(stats, "f")->self.ns, 5 * kMadePeriodNs);
  EXPECT_EQ(Find(stats, "main")->cumulative.ns, stats.interval_ns());
}

TEST(TopStats, IntervalsReplaceEachOtherAndTotalsGrow) {
  TopStats stats(false);
  stats.Add(OneLeaf("f", 4));
  stats.Add(OneLeaf("g", 6));
  EXPECT_EQ(Find(stats, "f")->self.ns, 0);
  EXPECT_EQ(Find(stats, "f")->self.total_ns, 4 * kMadePeriodNs);
  EXPECT_EQ(Find(stats, "g")->self.ns, 6 * kMadePeriodNs);
  EXPECT_EQ(stats.interval_ns(), 6 * kMadePeriodNs);
  EXPECT_EQ(stats.total_ns(), 10 * kMadePeriodNs);
}

TEST(TopStats, LinesOfAFunctionAreRowsWhenAskedFor) {
  Profile profile;
  AddMade(&profile, {MadeFrame("f", 3)}, 1);
  AddMade(&profile, {MadeFrame("f", 4)}, 2);
  TopStats functions(false), lines(true);
  functions.Add(profile);
  lines.Add(profile);
  EXPECT_EQ(functions.rows().size(), 1u);
  ASSERT_EQ(lines.rows().size(), 2u);
  EXPECT_EQ(lines.rows()[0].self.samples + lines.rows()[1].self.samples, 3);
}

TEST(TopStats, TrendsNeedMoreThanNoise) {
  TopStats stats(false);
  for (int i = 0; i < 10; ++i) stats.Add(OneLeaf("f", 100 + i % 2));
  EXPECT_EQ(stats.TrendOf(Find(stats, "f")->self), Trend::kSteady);
  stats.Add(OneLeaf("f", 110));  // one standard deviation
  EXPECT_EQ(stats.TrendOf(Find(stats, "f")->self), Trend::kSteady);
  stats.Add(OneLeaf("f", 200));
  EXPECT_EQ(stats.TrendOf(Find(stats, "f")->self), Trend::kUp);
  stats.Add(OneLeaf("g", 1));
  EXPECT_EQ(stats.TrendOf(Find(stats, "f")->self), Trend::kDown);
  EXPECT_EQ(stats.TrendOf(Find(stats, "g")->self), Trend::kSteady);
}

TEST(TopStats, TheFirstIntervalHasNoTrend) {
  TopStats stats(false);
  stats.Add(OneLeaf("f", 100));
  EXPECT_EQ(stats.TrendOf(Find(stats, "f")->self), Trend::kSteady);
}

TEST(TopStats, MoreFunctionsThanThereIsRoomForShareARow) {
  Profile profile;
  const size_t functions = TopStats::kMaxRows + 10;
  for (size_t i = 0; i < functions; ++i) {
    AddMade(&profile, {MadeFrame("f" + std::to_string(i))}, 1);
  }
  TopStats stats(false);
  stats.Add(profile);
  ASSERT_EQ(stats.rows().size(), TopStats::kMaxRows);
  EXPECT_EQ(stats.rows().back().function->name, "[more functions]");
  EXPECT_EQ(stats.rows().back().self.samples, 11);
  stats.Add(profile);  // the same functions again
  EXPECT_EQ(stats.rows().size(), TopStats::kMaxRows);
}

TEST(ProfileSum, AddsUpWeightsAndDurations) {
  ProfileSum sum;
  for (int64_t count : {2, 3}) {
    Profile window = OneLeaf("f", count);
    window.set_window({absl::FromUnixSeconds(count), absl::Seconds(1), kMadePeriodNs});
    sum.Add(window);
  }
  ASSERT_EQ(sum.profile().samples().size(), 1u);
  EXPECT_EQ(sum.profile().samples()[0].count, 5);
  EXPECT_EQ(sum.profile().samples()[0].cpu_ns, 5 * kMadePeriodNs);
  EXPECT_EQ(sum.profile().window().start, absl::FromUnixSeconds(2));
  EXPECT_EQ(sum.profile().window().duration, absl::Seconds(2));
  EXPECT_EQ(sum.profile().functions().size(), 2u);
}

TEST(Neighbours, AreThoseBesideTheFunctionEachSampleOnce) {
  Profile profile;
  AddMade(&profile, {MadeFrame("leaf"), MadeFrame("f"), MadeFrame("f"), MadeFrame("a")}, 3);
  AddMade(&profile, {MadeFrame("f"), MadeFrame("b")}, 4);
  AddMade(&profile, {MadeFrame("leaf"), MadeFrame("f"), MadeFrame("leaf"), MadeFrame("f")}, 1);
  AddMade(&profile, {MadeFrame("other")}, 7);
  const Neighbours found = FindNeighbours(profile, *MadeFrame("f").function);
  EXPECT_EQ(found.cumulative_ns, 8 * kMadePeriodNs);
  EXPECT_EQ(found.self_ns, 4 * kMadePeriodNs);
  ASSERT_EQ(found.callers.size(), 3u);
  EXPECT_EQ(found.callers[0].function->name, "b");
  EXPECT_EQ(found.callers[1].function->name, "a");
  EXPECT_EQ(found.callers[2].function->name, "leaf");
  ASSERT_EQ(found.callees.size(), 1u);
  EXPECT_EQ(found.callees[0].ns, 4 * kMadePeriodNs);
}

}  // namespace
}  // namespace profd
