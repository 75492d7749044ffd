#include "userspace/collector/thread_labels.h"

#include <gtest/gtest.h>

#include "tests/symbolizer/process/fake_memory.h"

namespace profd {
namespace {

constexpr uint64_t kHead = 0x1000;

// Reads made by asking at each second of `seconds`.
int ReadsIn(int seconds, ThreadLabels& labels, FakeMemory& memory) {
  const int before = memory.reads();
  for (int second = 0; second < seconds; ++second) {
    labels.NameOf(1, 7, &memory, py_layout{}, kHead, absl::Seconds(second));
  }
  return memory.reads() - before;
}

TEST(ThreadLabelsTest, BacksOffFromMemoryThatFails) {
  FakeMemory memory;
  memory.FailWith(absl::DeadlineExceededError("blocked"));
  ThreadLabels labels;
  // At 0, 2, 6, 14, 30, 62, 122, … s.
  EXPECT_LE(ReadsIn(600, labels, memory), 15);
}

TEST(ThreadLabelsTest, AsksOnceASecondAtMost) {
  FakeMemory memory;
  memory.Put(kHead, uint64_t{0});  // an interpreter that has not begun
  ThreadLabels labels;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(labels.NameOf(1, 7, &memory, py_layout{}, kHead, absl::Milliseconds(i)), "");
  }
  EXPECT_EQ(memory.reads(), 1);
}

TEST(ThreadLabelsTest, LooksAgainForANewThreadThoughItsIdIsKnown) {
  FakeMemory memory;
  memory.Put(kHead, uint64_t{0});
  ThreadLabels labels;
  ReadsIn(300, labels, memory);
  const auto reads_at = [&](double second, pid_t tid) {
    const int before = memory.reads();
    labels.NameOf(1, tid, &memory, py_layout{}, kHead, absl::Seconds(second));
    return memory.reads() - before;
  };
  EXPECT_EQ(reads_at(331, 7), 1);  // half a minute of rest
  EXPECT_EQ(reads_at(340, 7), 0);
  EXPECT_EQ(reads_at(340, 8), 1);
  EXPECT_EQ(reads_at(340.5, 9), 0);
  EXPECT_EQ(reads_at(341, 9), 1);
  EXPECT_EQ(reads_at(345, 9), 0);
}

TEST(ThreadLabelsTest, AProcessThatHasGoneHasNoNames) {
  ThreadLabels labels;
  EXPECT_EQ(labels.NameOf(1, 7, nullptr, py_layout{}, kHead, absl::ZeroDuration()), "");
}

}  // namespace
}  // namespace profd
