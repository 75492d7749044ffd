#include "userspace/collector/metered_memory.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/symbolizer/process/fake_memory.h"

namespace profd {
namespace {

class SlowMemory : public ProcessMemory {
 public:
  SlowMemory(absl::Duration time, absl::Status result) : time_(time), result_(std::move(result)) {}
  absl::Status Read(uint64_t, absl::Span<std::byte>) override {
    absl::SleepFor(time_);
    return result_;
  }

 private:
  const absl::Duration time_;
  const absl::Status result_;
};

absl::Status ReadFrom(ProcessMemory& memory) { return memory.Get<uint64_t>(0x1000).status(); }

TEST(TimeBudgetTest, FillsByItsShareUpToItsBurst) {
  TimeBudget budget(0.1, absl::Seconds(1));
  EXPECT_FALSE(budget.Empty(absl::Seconds(100)));
  budget.Spend(absl::Seconds(2));
  EXPECT_TRUE(budget.Empty(absl::Seconds(100)));
  EXPECT_TRUE(budget.Empty(absl::Seconds(109)));
  EXPECT_FALSE(budget.Empty(absl::Seconds(111)));
  EXPECT_FALSE(budget.Empty(absl::Hours(1)));
  budget.Spend(absl::Milliseconds(1100));
  EXPECT_TRUE(budget.Empty(absl::Hours(1)));
}

TEST(TimeBudgetTest, AClockThatStandsStillAddsNothing) {
  TimeBudget budget(0.5, absl::Seconds(1));
  EXPECT_FALSE(budget.Empty(absl::Seconds(5)));
  budget.Spend(absl::Seconds(3));
  EXPECT_TRUE(budget.Empty(absl::Seconds(5)));
  EXPECT_TRUE(budget.Empty(absl::Seconds(4)));
}

TEST(MeteredMemoryTest, AProcessThatBlockedIsCountedOnceAndNotAskedAgain) {
  TimeBudget common = MeteredMemory::CommonBudget();
  MemoryCounts counts;
  auto fake = std::make_unique<FakeMemory>();
  FakeMemory* inner = fake.get();
  inner->FailWith(absl::DeadlineExceededError("blocked"));
  MeteredMemory memory(std::move(fake), &common, &counts);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(absl::IsDeadlineExceeded(ReadFrom(memory)));
  EXPECT_EQ(inner->reads(), 1);
  EXPECT_EQ(counts.processes_blocked, 1u);
}

TEST(MeteredMemoryTest, SlowMemoryStarvesItselfNotOthers) {
  TimeBudget common = MeteredMemory::CommonBudget();
  MemoryCounts counts;
  MeteredMemory slow(std::make_unique<SlowMemory>(absl::Milliseconds(300), absl::OkStatus()),
                     &common, &counts);
  int served = 0;
  for (int i = 0; i < 20; ++i) served += ReadFrom(slow).ok();
  EXPECT_LE(served, 6);
  EXPECT_GE(counts.reads_over_budget, 14u);

  auto fake = std::make_unique<FakeMemory>();
  fake->Put(0x1000, uint64_t{7});
  MeteredMemory quick(std::move(fake), &common, &counts);
  EXPECT_TRUE(ReadFrom(quick).ok());
}

}  // namespace
}  // namespace profd
