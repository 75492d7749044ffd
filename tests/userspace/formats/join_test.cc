#include "userspace/formats/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/userspace/formats/recordings.h"

namespace profd {
namespace {

int64_t CpuNs(const Recording& recording) {
  int64_t sum = 0;
  for (const Profile::Sample& sample : recording.profile.samples()) sum += sample.cpu_ns;
  return sum;
}

TEST(JoinTest, WeightsAndEventsAddUpInTheOrderOfTime) {
  Joiner joiner;
  ASSERT_TRUE(joiner.Add(ServiceRecording(500, 20, 4, 1)).ok());
  ASSERT_TRUE(joiner.Add(SmallRecording()).ok());
  const Recording sum = std::move(joiner).Finish();
  EXPECT_EQ(CpuNs(sum), CpuNs(ServiceRecording(500, 20, 4, 1)) + CpuNs(SmallRecording()));
  EXPECT_EQ(sum.events.size(), 504u);
  EXPECT_TRUE(std::is_sorted(sum.events.begin(), sum.events.end(),
                             [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; }));
  std::vector<int64_t> ticks(sum.profile.samples().size());
  for (const Recording::Event& event : sum.events) ticks[event.sample] += event.ticks;
  for (size_t i = 0; i < ticks.size(); ++i) {
    EXPECT_EQ(ticks[i] * kPeriodNs, sum.profile.samples()[i].cpu_ns);
  }
}

TEST(JoinTest, WithoutTimesInOneThereAreNoneInAll) {
  Recording untimed = SmallRecording();
  untimed.events.clear();
  for (const bool first : {true, false}) {
    Joiner joiner;
    const Recording timed = SmallRecording();
    ASSERT_TRUE(joiner.Add(first ? untimed : timed).ok());
    ASSERT_TRUE(joiner.Add(first ? timed : untimed).ok());
    const Recording sum = std::move(joiner).Finish();
    EXPECT_TRUE(sum.events.empty());
    EXPECT_EQ(CpuNs(sum), 2 * CpuNs(untimed));
  }
}

TEST(JoinTest, CommentsAddUpByNameAndLabels) {
  Recording other = SmallRecording();
  other.profile.AddComment("profd.lost{reason=\"idle\"} 1");
  other.profile.AddComment("of another tool");
  Joiner joiner;
  ASSERT_TRUE(joiner.Add(other).ok());
  ASSERT_TRUE(joiner.Add(SmallRecording()).ok());
  ASSERT_TRUE(joiner.Add(other).ok());
  EXPECT_THAT(std::move(joiner).Finish().profile.comments(),
              testing::ElementsAre("profd.lost{reason=\"idle\"} 2",
                                   "profd.lost{reason=\"ring_full\"} 36", "of another tool"));
}

TEST(JoinTest, EventsOfTwoRatesAreRefused) {
  Recording fast = SmallRecording();
  fast.profile.set_window({absl::FromUnixNanos(kStartNs), absl::Seconds(1), 1'000'000});
  Joiner joiner;
  ASSERT_TRUE(joiner.Add(SmallRecording()).ok());
  EXPECT_EQ(joiner.Add(fast).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace profd
