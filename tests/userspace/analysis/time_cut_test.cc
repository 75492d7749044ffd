#include "userspace/analysis/time_cut.h"

#include <gtest/gtest.h>

#include <memory>

namespace profd {
namespace {

constexpr int64_t kPeriodNs = 10'000'000;

Recording OneSample(int64_t count) {
  Recording recording;
  const auto function = std::make_shared<const Function>(Function{.name = "f"});
  recording.profile.Add(recording.profile.InternStack({{function, 1}}), Labels{}, count,
                        count * kPeriodNs, 0);
  return recording;
}

TEST(TimeCut, TakesTheTicksOfARange) {
  Recording recording = OneSample(5);
  recording.events = {{10, 0, 1}, {20, 0, 3}, {30, 0, 1}};
  const auto inside = TimeCut(recording, {20, 30}).Of(0);
  ASSERT_TRUE(inside.has_value());
  EXPECT_EQ(inside->count, 3);
  EXPECT_EQ(inside->cpu_ns, 3 * kPeriodNs);
  EXPECT_FALSE(TimeCut(recording, {11, 20}).Of(0).has_value());
}

// As of threads that wait, whose events last.
TEST(TimeCut, CountsByEventsWhereTicksAreNoSamples) {
  Recording recording = OneSample(11);
  for (int i = 0; i < 9; ++i) recording.events.push_back({i, 0, 1});
  recording.events.push_back({100, 0, 991});
  const auto inside = TimeCut(recording, {0, 50}).Of(0);
  ASSERT_TRUE(inside.has_value());
  EXPECT_EQ(inside->count, 10);
  EXPECT_EQ(inside->cpu_ns, 990'000);  // 9 of 1,000 ticks
}

}  // namespace
}  // namespace profd
