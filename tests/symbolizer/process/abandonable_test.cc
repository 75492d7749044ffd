#include "symbolizer/process/abandonable.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "tests/symbolizer/process/child.h"

namespace profd {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(50);
constexpr absl::Duration kLong = absl::Seconds(60);

// Calls that block in the kernel, as one on a FUSE file does, until Release().
class BlockedCalls : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends_), 0); }
  void TearDown() override {
    close(ends_[1]);
    while (AbandonedCalls() > 0) absl::SleepFor(absl::Milliseconds(1));
    close(ends_[0]);
  }
  absl::Status Block(pid_t pid) {
    return RunAbandonably(
        pid,
        [end = ends_[0]] {
          char byte;
          (void)!read(end, &byte, 1);
        },
        kShort);
  }
  static absl::Status Run(pid_t pid) {
    return RunAbandonably(
        pid, [] {}, kLong);
  }
  void ReleaseOne() {
    const int before = AbandonedCalls();
    ASSERT_EQ(write(ends_[1], "", 1), 1);
    while (AbandonedCalls() == before) absl::SleepFor(absl::Milliseconds(1));
  }

 private:
  int ends_[2];
};

TEST_F(BlockedCalls, GiveTheirResult) {
  EXPECT_EQ(CallAbandonably<int>(
                1, [] { return 7; }, kLong),
            7);
}

TEST_F(BlockedCalls, AreLeftBehindAndCostTheirProcessOnly) {
  EXPECT_TRUE(absl::IsDeadlineExceeded(Block(1)));
  EXPECT_EQ(AbandonedCalls(), 1);
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(absl::IsUnavailable(Run(1)));
  EXPECT_LT(absl::Now() - begin, kLong / 2);
  EXPECT_TRUE(Run(2).ok());
  ReleaseOne();
  EXPECT_TRUE(Run(1).ok());
}

// Numbers past the last PID belong to nobody: they count as one user's.
TEST_F(BlockedCalls, AreBoundedForEachUser) {
  constexpr pid_t kNobodys = 1 << 23;
  for (int i = 0; i < kMaxAbandonedPerUser; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(Block(kNobodys + i)));
  }
  EXPECT_EQ(AbandonedCalls(), kMaxAbandonedPerUser);
  EXPECT_TRUE(absl::IsUnavailable(Run(kNobodys - 1)));
  if (geteuid() == 0) {
    Child other([] { return setuid(65534) == 0 ? 1 : 0; });
    ASSERT_EQ(other.ready_value(), 1u);
    EXPECT_TRUE(Run(other.pid()).ok());
  }
  ReleaseOne();
  EXPECT_TRUE(Run(kNobodys - 1).ok());
}

TEST_F(BlockedCalls, OfOneThreadDoNotHoldUpAnother) {
  std::atomic<bool> done = false;
  std::thread blocked([&] {
    EXPECT_TRUE(absl::IsDeadlineExceeded(Block(1)));
    done = true;
  });
  while (!done) EXPECT_TRUE(Run(2).ok());
  blocked.join();
}

}  // namespace
}  // namespace profd
