#include "userspace/collector/thread_labels.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/symbolizer/cpython/python_target.h"
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

// A live interpreter's memory, and the pointer to the interpreter where there is none.
class MemoryWithHead : public ProcessMemory {
 public:
  explicit MemoryWithHead(testing::PythonTarget& live) : live_(live) {}
  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    ++reads;
    if (address != kHead) return live_.memory->Read(address, out);
    std::memcpy(out.data(), &live_.interpreter, out.size());
    return absl::OkStatus();
  }
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override {
    ++reads;
    return live_.memory->ReadEach(pieces);
  }
  int reads = 0;

 private:
  testing::PythonTarget& live_;
};

std::map<std::string, uint64_t> Idents(testing::PythonProgram& program) {
  std::map<std::string, uint64_t> idents;
  for (std::string line = program.ReadLine(); line != "end"; line = program.ReadLine()) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    idents[testing::FromHex(words.at(1))] = std::stoull(words.at(0));
  }
  return idents;
}

TEST(LiveThreadLabels, AreFromTheLastLookForThreadsThatWereThereThen) {
  testing::PythonTarget live;
  for (int minor = 6; minor <= 15 && live.program == nullptr; ++minor) {
    const auto found = testing::InterpretersOfMinor(minor);
    if (found.empty()) continue;
    ASSERT_NO_FATAL_FAILURE(StartTarget(found.front(), "live_threads.py", live));
  }
  if (live.program == nullptr) GTEST_SKIP() << "no CPython on this machine";
  std::map<std::string, uint64_t> idents = Idents(*live.program);
  absl::SleepFor(absl::Milliseconds(30));  // ticks are of 10 ms
  MemoryWithHead memory(live);
  TimeBudget early_looks(1, absl::Hours(1));
  const ThreadLabels::Source source = {&memory, &live.layout, kHead, &early_looks};
  ThreadLabels labels;
  const pid_t there = live.program->pid();
  EXPECT_EQ(labels.NameOf({there, idents["MainThread"]}, source, absl::ZeroDuration()).text,
            "MainThread");
  const int reads = memory.reads;
  EXPECT_EQ(labels.NameOf({there, idents["heavy"]}, source, absl::ZeroDuration()).text, "heavy");
  EXPECT_EQ(memory.reads, reads);

  absl::SleepFor(absl::Milliseconds(30));
  std::promise<pid_t> tid;
  std::promise<void> end;
  std::thread later([&] {
    tid.set_value(gettid());
    end.get_future().wait();
  });
  const ThreadLabels::Thread heir = {tid.get_future().get(), idents["before"]};
  EXPECT_EQ(labels.NameOf(heir, {}, absl::ZeroDuration()).text, "");
  EXPECT_EQ(labels.KnownNameOf(heir), "");
  EXPECT_EQ(labels.NameOf(heir, source, absl::Seconds(1)).text, "before");
  EXPECT_EQ(labels.KnownNameOf(heir), "before");
  end.set_value();
  later.join();
}

}  // namespace
}  // namespace profd
