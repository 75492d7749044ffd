#include "userspace/sampling/ring_pace.h"

#include <gtest/gtest.h>

#include <bit>

#include "bpf/events.h"

namespace profd {
namespace {

constexpr uint64_t kOneKhz = 1'000'000;
constexpr absl::Duration kLongest = absl::Milliseconds(200);
constexpr double kDeepest = sizeof(sample_record) + PROFD_MAX_PY_FRAMES * sizeof(py_frame_record);

TEST(RingPace, RoomForSixtyMillisecondsOfTheDeepestStacks) {
  for (uint64_t hz : {1, 99, 999, 1999, 5000}) {
    const size_t bytes = RingPace(1'000'000'000 / hz).bytes_per_cpu();
    EXPECT_TRUE(std::has_single_bit(bytes)) << hz;
    EXPECT_GE(static_cast<double>(bytes), 0.06 * static_cast<double>(hz) * kDeepest) << hz;
  }
  EXPECT_EQ(RingPace(1'000'000'000 / 99).bytes_per_cpu(), 1u << 20);
  EXPECT_EQ(RingPace(10'000).bytes_per_cpu(), 8u << 20);
}

TEST(RingPace, BeginsAsIfStacksWereTheDeepest) {
  const RingPace pace(kOneKhz);
  const double records = absl::FDivDuration(pace.interval(), absl::Nanoseconds(kOneKhz));
  EXPECT_LE(records * kDeepest, static_cast<double>(pace.bytes_per_cpu()) / 2);
  EXPECT_EQ(RingPace(1'000'000'000).interval(), kLongest);
  EXPECT_EQ(RingPace(1'000).interval(), absl::Milliseconds(4));
}

TEST(RingPace, FollowsWhatTheLastStacksTook) {
  RingPace pace(kOneKhz);
  const absl::Duration shortest = pace.interval();
  absl::Duration now = absl::Hours(5);
  pace.Begin(now);
  pace.Emptied(now += shortest, 0);
  EXPECT_EQ(pace.interval(), kLongest);
  pace.Emptied(now += absl::Milliseconds(100), 0.125);
  EXPECT_EQ(pace.interval(), absl::Milliseconds(100));
  pace.Emptied(now += absl::Milliseconds(100), 1.3);
  EXPECT_EQ(pace.interval(), shortest);
  pace.Emptied(now += shortest, 1e-4);
  EXPECT_EQ(pace.interval(), kLongest);
}

TEST(RingPace, LooksInQuickSuccessionTellTogether) {
  RingPace pace(kOneKhz);
  const absl::Duration shortest = pace.interval();
  absl::Duration now = absl::Hours(5);
  pace.Begin(now);
  for (int i = 0; i < 9; ++i) pace.Emptied(now += shortest / 10, 0.05);
  EXPECT_EQ(pace.interval(), shortest);
  pace.Emptied(now += shortest / 10, 0);
  EXPECT_EQ(pace.interval(), shortest);
}

}  // namespace
}  // namespace profd
