#include "userspace/collector/thread_labels.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/symbolizer/process/fake_memory.h"

namespace profd {
namespace {

constexpr uint64_t kHead = 0x1000;

// The test's own thread as the only one of Python's: it lives, and has no name.
class ThreadLabelsTest : public ::testing::Test {
 protected:
  // Reads made by asking at `time`, for a thread of this ID that is alive.
  int ReadsAt(absl::Duration time, uint64_t id = 1) {
    const int before = memory_.reads();
    EXPECT_EQ(labels_.NameOf({gettid(), id}, source_, time).text, "");
    return memory_.reads() - before;
  }

  FakeMemory memory_;
  const py_layout layout_ = {};
  TimeBudget early_looks_{1, absl::Hours(1)};
  const ThreadLabels::Source source_ = {&memory_, &layout_, kHead, &early_looks_};
  ThreadLabels labels_;
};

TEST_F(ThreadLabelsTest, BacksOffFromMemoryThatFails) {
  memory_.FailWith(absl::DeadlineExceededError("blocked"));
  int reads = 0;
  for (int second = 0; second < 600; ++second) reads += ReadsAt(absl::Seconds(second));
  EXPECT_LE(reads, 15);  // at 0, 2, 6, 14, 30, 62, 122, … s
}

TEST_F(ThreadLabelsTest, LooksForANameAtOnceThenEverMoreSeldom) {
  memory_.Put(kHead, uint64_t{0});  // an interpreter that has not begun
  int in_first_second = 0;
  for (int i = 0; i < 1000; ++i) in_first_second += ReadsAt(absl::Milliseconds(i));
  EXPECT_GE(in_first_second, 4);  // at 0, 20, 60, 140, 300, 620 ms
  EXPECT_LE(in_first_second, 7);
  int in_a_minute = 0;
  for (int i = 10; i < 600; ++i) in_a_minute += ReadsAt(absl::Milliseconds(100 * i));
  EXPECT_LE(in_a_minute, 25);
}

TEST_F(ThreadLabelsTest, LooksForANewThreadThoughTheOthersRest) {
  memory_.Put(kHead, uint64_t{0});
  for (int second = 0; second < 300; ++second) ReadsAt(absl::Seconds(second));
  EXPECT_EQ(ReadsAt(absl::Seconds(331)), 1);  // half a minute of rest
  EXPECT_EQ(ReadsAt(absl::Seconds(340)), 0);
  EXPECT_EQ(ReadsAt(absl::Seconds(340), 2), 1);
  EXPECT_EQ(ReadsAt(absl::Seconds(340) + absl::Milliseconds(1), 3), 0);
  EXPECT_EQ(ReadsAt(absl::Seconds(340) + absl::Milliseconds(100), 3), 1);
}

TEST_F(ThreadLabelsTest, NewThreadsWaitWhereTheirLooksHaveTakenTheirShare) {
  memory_.Put(kHead, uint64_t{0});
  TimeBudget none(0, absl::ZeroDuration());
  ThreadLabels::Source source = source_;
  source.early_looks = &none;
  for (int i = 0; i < 3000; ++i) {
    const absl::Duration now = absl::Milliseconds(i);
    labels_.NameOf({gettid(), static_cast<uint64_t>(i)}, source, now);
  }
  EXPECT_EQ(memory_.reads(), 3);  // one a second
}

TEST_F(ThreadLabelsTest, AProcessThatHasGoneHasNoNames) {
  EXPECT_EQ(labels_.NameOf({7, 1}, {}, absl::ZeroDuration()).text, "");
}

}  // namespace
}  // namespace profd
