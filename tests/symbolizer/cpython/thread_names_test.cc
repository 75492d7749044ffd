#include "symbolizer/cpython/thread_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "symbolizer/cpython/layouts.h"
#include "tests/symbolizer/cpython/python_target.h"

namespace profd {
namespace {

using ::testing::Contains;
using testing::Interpreter;
using ::testing::Not;
using ::testing::Pair;
using testing::PythonTarget;
using Names = absl::flat_hash_map<uint64_t, std::string>;

// What the program says after each command; `threading` itself is the judge.
Names ExpectedNames(testing::PythonProgram& program) {
  Names names;
  for (std::string line = program.ReadLine(); line != "end"; line = program.ReadLine()) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() != 2) {
      ADD_FAILURE() << "the program said: " << line;
      break;
    }
    names[std::stoull(words[0])] = testing::FromHex(words[1]);
  }
  return names;
}

Names Ask(testing::PythonProgram& program, const std::string& command) {
  program.WriteLine(command);
  return ExpectedNames(program);
}

// Counts calls, tells of them, and changes or delays what is read.
class Meddler : public ProcessMemory {
 public:
  explicit Meddler(ProcessMemory& memory) : memory_(memory) {}

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    Call();
    absl::Status status = memory_.Read(address, out);
    Change(out);
    return status;
  }
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override {
    Call();
    std::vector<absl::Status> statuses = memory_.ReadEach(pieces);
    for (const Piece& piece : pieces) Change(piece.out);
    return statuses;
  }

  int calls = 0;
  std::function<void()> before_call;
  absl::Duration delay;
  double corrupt_words = 0;  // share of 8-byte words replaced
  std::mt19937_64 random{1};
  std::vector<uint64_t> replacements;

 private:
  void Call() {
    ++calls;
    if (before_call) before_call();
  }
  void Change(absl::Span<std::byte> out) {
    if (delay != absl::ZeroDuration()) absl::SleepFor(delay);
    if (corrupt_words == 0) return;
    std::geometric_distribution<size_t> gap(corrupt_words);
    for (size_t i = gap(random) * 8; i + 8 <= out.size(); i += 8 + gap(random) * 8) {
      const uint64_t value = replacements[random() % replacements.size()];
      memcpy(out.data() + i, &value, sizeof(value));
    }
  }

  ProcessMemory& memory_;
};

class ThreadNamesTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    interpreters_ = testing::InterpretersOfMinor(GetParam());
    if (interpreters_.empty()) GTEST_SKIP() << "no CPython 3." << GetParam() << " on this machine";
  }
  std::vector<Interpreter> interpreters_;
};

// Pitfall 37, Pitfall 51
TEST_P(ThreadNamesTest, AreThoseThatThreadingGives) {
  for (const Interpreter& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter.ToString());
    PythonTarget live;
    ASSERT_NO_FATAL_FAILURE(StartTarget(interpreter, "live_threads.py", live));
    ThreadNameHints hints;
    const auto read = [&] {
      return ReadThreadNames(*live.memory, live.layout, live.interpreter, hints);
    };

    const Names first = ExpectedNames(*live.program);
    EXPECT_EQ(first.size(), 14u);
    absl::StatusOr<Names> names = read();
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_EQ(*names, first);
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "MainThread")));
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "before")));
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "grüße")));
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "日本-🐍")));
    EXPECT_THAT(*names, Contains(Pair(::testing::_, ::testing::StartsWith("Dummy-"))));

    const Names renamed = Ask(*live.program, "rename");
    names = read();
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_EQ(*names, renamed);
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "after")));
    EXPECT_THAT(*names, Contains(Pair(::testing::_, "principal")));
    EXPECT_THAT(*names, Not(Contains(Pair(::testing::_, "before"))));
  }
}

TEST_P(ThreadNamesTest, OfTwoHundredThreadsTakeFewReads) {
  for (const Interpreter& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter.ToString());
    PythonTarget live;
    ASSERT_NO_FATAL_FAILURE(StartTarget(interpreter, "live_threads.py", live));
    ExpectedNames(*live.program);
    const Names expected = Ask(*live.program, "spawn 200");
    ASSERT_EQ(expected.size(), 214u);
    Meddler memory(*live.memory);
    ThreadNameHints hints;
    ASSERT_TRUE(ReadThreadNames(memory, live.layout, live.interpreter, hints).ok());
    const int first_calls = memory.calls;
    memory.calls = 0;
    const absl::Time start = absl::Now();
    const absl::StatusOr<Names> names =
        ReadThreadNames(memory, live.layout, live.interpreter, hints);
    const absl::Duration took = absl::Now() - start;
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_EQ(*names, expected);
    EXPECT_LT(memory.calls, 12) << "many pages in each";
    std::cout << interpreter.ToString() << ": 214 threads, " << first_calls << " reads, then "
              << memory.calls << " in " << took << "\n";
  }
}

// Pitfall 40
TEST_P(ThreadNamesTest, AreCheaplyFoundMissingUntilThreadingIsImported) {
  for (const Interpreter& interpreter : interpreters_) {
    SCOPED_TRACE(interpreter.ToString());
    PythonTarget live;
    ASSERT_NO_FATAL_FAILURE(StartTarget(interpreter, "live_without_threading.py", live));
    ASSERT_EQ(live.program->ReadLine(), "ready");
    Meddler memory(*live.memory);
    ThreadNameHints hints;
    absl::StatusOr<Names> names = ReadThreadNames(memory, live.layout, live.interpreter, hints);
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_TRUE(names->empty());
    memory.calls = 0;
    names = ReadThreadNames(memory, live.layout, live.interpreter, hints);
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_TRUE(names->empty());
    EXPECT_LE(memory.calls, 6);

    live.program->WriteLine("import");
    ASSERT_EQ(live.program->ReadLine(), "imported");
    names = ReadThreadNames(memory, live.layout, live.interpreter, hints);
    ASSERT_TRUE(names.ok()) << names.status();
    EXPECT_THAT(*names, ::testing::ElementsAre(Pair(::testing::_, "late")));
  }
}

TEST_P(ThreadNamesTest, AreRightWhileThreadsComeAndGo) {
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters_.front(), "live_threads.py", live));
  const Names steady = ExpectedNames(*live.program);
  live.program->WriteLine("churn 2000");
  ASSERT_EQ(live.program->ReadLine(), "churning");
  ThreadNameHints hints;
  int good = 0;
  constexpr int kLooks = 50;
  for (int i = 0; i < kLooks; ++i) {
    const absl::StatusOr<Names> names =
        ReadThreadNames(*live.memory, live.layout, live.interpreter, hints);
    if (!names.ok()) continue;
    good += std::all_of(steady.begin(), steady.end(), [&](const auto& thread) {
      const auto found = names->find(thread.first);
      return found != names->end() && found->second == thread.second;
    });
  }
  EXPECT_GE(good, kLooks * 9 / 10);
}

TEST_P(ThreadNamesTest, AreNotOfThreadsThatEndDuringTheLook) {
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters_.front(), "live_threads.py", live));
  ExpectedNames(*live.program);
  const Names before = Ask(*live.program, "begin");
  Meddler memory(*live.memory);
  ThreadNameHints hints;
  for (int look = 0; look < 4; ++look) {  // the later ones know the way
    memory.calls = 0;
    EXPECT_EQ(ReadThreadNames(memory, live.layout, live.interpreter, hints).value(), before);
  }
  const int last_but_one = memory.calls - 1;
  Names after;
  memory.calls = 0;
  memory.before_call = [&] {
    if (memory.calls == last_but_one) after = Ask(*live.program, "end");
  };
  EXPECT_EQ(ReadThreadNames(memory, live.layout, live.interpreter, hints).value(), after);
  EXPECT_EQ(after.size(), before.size() - 1);
}

// Pitfall 45
TEST_P(ThreadNamesTest, AreRefusedWhenThereAreTooMany) {
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters_.front(), "live_threads.py", live));
  ExpectedNames(*live.program);
  Ask(*live.program, "flood");
  ThreadNameHints hints;
  EXPECT_TRUE(absl::IsResourceExhausted(
      ReadThreadNames(*live.memory, live.layout, live.interpreter, hints).status()));
}

// Pitfall 45, Pitfall 47
TEST_P(ThreadNamesTest, EndInTimeInCorruptedMemory) {
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters_.front(), "live_threads.py", live));
  const Names expected = ExpectedNames(*live.program);
  Meddler memory(*live.memory);
  memory.replacements = {0,
                         1,
                         UINT64_MAX,
                         uint64_t{1} << 63,
                         uint64_t{1} << 20,
                         0x0002'0a08'0000'0001,
                         live.interpreter,
                         live.interpreter + 4096};
  int failed = 0;
  for (int round = 0; round < 400; ++round) {
    memory.corrupt_words = round % 2 == 0 ? 0.001 : 0.05;
    memory.replacements.push_back(memory.random());
    ThreadNameHints hints{.threading = memory.random(), .active = live.interpreter};
    const absl::Time start = absl::Now();
    const absl::StatusOr<Names> names =
        ReadThreadNames(memory, live.layout, live.interpreter, hints, absl::Milliseconds(250));
    ASSERT_LT(absl::Now() - start, absl::Seconds(5));
    failed += !names.ok();
    if (names.ok()) {
      EXPECT_LE(names->size(), kMaxThreads);
    }
  }
  EXPECT_GT(failed, 0);
}

TEST_P(ThreadNamesTest, StopAtTheBudgetWhenReadsAreSlow) {
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters_.front(), "live_threads.py", live));
  ExpectedNames(*live.program);
  Meddler memory(*live.memory);
  memory.delay = absl::Milliseconds(30);
  ThreadNameHints hints;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadThreadNames(memory, live.layout, live.interpreter, hints, absl::Milliseconds(50))
          .status()));
  EXPECT_LE(memory.calls, 3);
}

INSTANTIATE_TEST_SUITE_P(CPython, ThreadNamesTest, ::testing::Range(6, 16),
                         [](const auto& minor) { return "3_" + std::to_string(minor.param); });

// Memory in which every word points to the same place.
class Circle : public ProcessMemory {
 public:
  explicit Circle(uint64_t word) : word_(word) {}
  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = std::byte(word_ >> (8 * ((address + i) % 8)));
    }
    return absl::OkStatus();
  }

 private:
  const uint64_t word_;
};

// Pitfall 45
TEST(ThreadNamesFailureTest, CyclicMemoryIsAnErrorOrEmpty) {
  for (int minor : {6, 10, 11, 12}) {
    const absl::StatusOr<py_layout> layout = LayoutForVersion({.major = 3, .minor = minor});
    ASSERT_TRUE(layout.ok());
    for (uint64_t word : {uint64_t{0}, uint64_t{8}, uint64_t{0x20000000}, uint64_t{0x7fffffffffff},
                          uint64_t{0x0101010120000010}, UINT64_MAX}) {
      Circle memory(word);
      ThreadNameHints hints;
      const absl::Time start = absl::Now();
      const absl::StatusOr<Names> names = ReadThreadNames(memory, *layout, 0x1000, hints);
      EXPECT_LT(absl::Now() - start, absl::Seconds(5));
      if (names.ok()) {
        EXPECT_TRUE(names->empty()) << minor << " " << word;
      }
    }
  }
}

// Pitfall 25
TEST(ThreadNamesFailureTest, VersionThatIsNotKnownIsUnimplemented) {
  Circle memory(0);
  py_layout layout = *LayoutForVersion({.major = 3, .minor = 12});
  layout.version = 0x03110000;
  ThreadNameHints hints;
  EXPECT_TRUE(absl::IsUnimplemented(ReadThreadNames(memory, layout, 0x1000, hints).status()));
}

}  // namespace
}  // namespace profd
