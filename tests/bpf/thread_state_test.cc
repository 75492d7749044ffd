// The way from an interrupted thread to its thread states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/bpf/made_process.h"

namespace profd::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::UnorderedElementsAre;

const std::vector<MadeFrame> kStack(3, MadeFrame::kPython);

std::vector<uint64_t> StatesOf(const native_sample& sample) {
  return {sample.tstates, sample.tstates + sample.tstate_count};
}

class ThreadState : public ::testing::TestWithParam<MadeVersion> {
 protected:
  void SetUp() override { process_.SetStack(kStack); }
  // <= 3.11: a pointer to the attached state, while the pthread key keeps the thread's first one.
  bool has_attached() const { return GetParam().minor <= 11; }
  uint64_t AddNested() {
    const uint64_t tstate =
        process_.AddThreadState(process_.AddInterpreter(), MadeProcess::kThreadPointer);
    process_.SetStack(tstate, kStack);
    return tstate;
  }
  void SetRunning(uint64_t tstate, uint32_t key = 0) {
    process_.SetSpecific(key, has_attached() ? process_.tstate() : tstate);
    if (has_attached()) process_.SetAttached(tstate);
  }

  MadeProcess process_{GetParam()};
};

// Pitfall 30: keys from 32 on stand in blocks of their own.
TEST_P(ThreadState, IsFoundThroughThePthreadKey) {
  for (uint32_t key : {0u, 1u, 31u, 32u, 40u, 63u, 64u, 1023u}) {
    process_.SetSpecific(key, process_.tstate());
    auto sample = process_.Sample();
    EXPECT_EQ(sample->tstate_source, TSTATE_FROM_TSS) << key;
    EXPECT_THAT(StatesOf(*sample), ElementsAreArray({process_.tstate()})) << key;
    EXPECT_EQ(sample->process.tss_proven, 1u);
    EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  }
}

TEST_P(ThreadState, IsFoundInTheListWhereTheKeyIsNone) {
  auto sample = process_.Sample();
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_LIST);
  EXPECT_THAT(StatesOf(*sample), ElementsAreArray({process_.tstate()}));
}

TEST_P(ThreadState, IsFoundAmongManyThreads) {
  const uint64_t interpreter = process_.AddInterpreter();
  for (uint64_t i = 1; i <= 300; ++i) process_.AddThreadState(interpreter, i << 20);
  const uint64_t mine = process_.AddThreadState(interpreter, 301 << 20);
  for (uint64_t i = 302; i <= 600; ++i) process_.AddThreadState(interpreter, i << 20);
  process_.SetStack(mine, kStack);
  auto sample = process_.NewSample();
  sample->thread_pointer = 301 << 20;
  native_sample_thread(sample.get());
  EXPECT_THAT(StatesOf(*sample), ElementsAreArray({mine}));
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
}

TEST_P(ThreadState, OfAnotherThreadUnderTheKeyIsNotTaken) {
  const uint64_t interpreter = process_.AddInterpreter();
  process_.SetSpecific(0, process_.AddThreadState(interpreter, 0x1000));
  auto sample = process_.Sample();
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_LIST);
  EXPECT_THAT(StatesOf(*sample), ElementsAreArray({process_.tstate()}));
  EXPECT_EQ(sample->process.tss_proven, 0u);
}

TEST_P(ThreadState, NullUnderTheKeyIsBelievedOnlyOnceTheKeyIsProven) {
  process_.SetSpecific(0, 0);
  auto sample = process_.Sample();
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_LIST);
  EXPECT_EQ(sample->tstate_count, 1u);
  sample = process_.NewSample();
  sample->process.tss_proven = 1;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_NOT_FOUND);
  EXPECT_EQ(sample->tstate_count, 0u);
}

// Pitfall 31: what stands where glibc's keys would be must neither be taken for a thread state nor
// for the word that there is none, in this thread or in another of the process.
TEST_P(ThreadState, IsFoundInALibcThatKeepsItsKeysElsewhere) {
  constexpr uint64_t kGlibcKeys = 0x310, kKeyBytes = 16, kGlibcBlocks = 0x510;
  constexpr uint64_t kOtherThread = MadeProcess::kThreadPointer + (8 << 20);
  const uint64_t nested = AddNested();
  const uint64_t other = process_.AddThreadState(process_.AddInterpreter(), kOtherThread);
  process_.SetStack(other, kStack);
  for (const uint32_t key : {0u, 3u, 40u}) {
    process_.SetSpecific(key, 0);
    for (const uint64_t thread : {MadeProcess::kThreadPointer, kOtherThread}) {
      // Values where glibc has sequence numbers, and the other way round; no further blocks.
      for (uint64_t i = 0; i < 32; ++i) {
        process_.memory().Put(thread + kGlibcKeys + i * kKeyBytes, process_.tstate());
        process_.memory().Put(thread + kGlibcKeys + i * kKeyBytes + 8, i % 2);
      }
      process_.memory().Put(thread + kGlibcBlocks + 8, uint64_t{0});
    }
    auto sample = process_.Sample();
    EXPECT_NE(sample->tstate_source, TSTATE_FROM_TSS) << key;
    EXPECT_EQ(sample->process.tss_proven, 0u) << key;
    EXPECT_THAT(StatesOf(*sample), UnorderedElementsAre(process_.tstate(), nested)) << key;
    EXPECT_EQ(sample->stack_state, STACK_WHOLE) << key;
    sample = process_.NewSample();
    sample->thread_pointer = kOtherThread;
    native_sample_thread(sample.get());
    EXPECT_THAT(StatesOf(*sample), ElementsAreArray({other})) << key;
    EXPECT_EQ(sample->process.tss_proven, 0u) << key;
  }
}

// A block of pthread values that was never made: the thread has set none of its keys.
TEST_P(ThreadState, MissingBlockOfKeysIsNull) {
  process_.SetSpecific(0, 0);
  auto sample = process_.NewSample();
  process_.memory().Put(sample->process.tss_key, uint32_t{70});
  sample->process.tss_proven = 1;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_NOT_FOUND);
}

TEST_P(ThreadState, OfAThreadThatIsNotPythonsIsNotFound) {
  auto sample = process_.NewSample();
  sample->thread_pointer = 0x7f99'0000'0000;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_NOT_FOUND);
  EXPECT_EQ(sample->tstate_count, 0u);
  EXPECT_EQ(sample->depth, 0u);
  EXPECT_EQ(sample->stack_state, STACK_NONE);
}

TEST_P(ThreadState, IsNotSoughtBeforeTheRuntimeIsThere) {
  auto sample = process_.NewSample();
  sample->process.tstate_current = 0;
  process_.memory().Put(sample->process.interp_head, uint64_t{0});
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_NO_RUNTIME);
}

TEST_P(ThreadState, IsCachedAfterTheListAndCheckedWhenUsed) {
  native_cache cache{};
  auto sample = process_.NewSample();
  sample->cache = &cache;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_LIST);
  EXPECT_EQ(cache.tstate, process_.tstate());
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_CACHE);
  process_.PutField(cache.tstate, PY_TSTATE_THREAD_ID, 1);  // freed, now another thread's
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_NOT_FOUND);
  sample->owner++;
  process_.PutField(cache.tstate, PY_TSTATE_THREAD_ID, MadeProcess::kThreadPointer);
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_LIST);
}

TEST_P(ThreadState, HoldingTheGilIsFoundWithoutKeyAndList) {
  if (!has_attached()) GTEST_SKIP() << "this version keeps no such pointer";
  process_.SetAttached(process_.tstate());
  auto sample = process_.NewSample();
  sample->process.interp_head = 0;  // as for a stripped 3.6
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_source, TSTATE_FROM_GIL_HOLDER);
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
}

// Pitfall 32
TEST_P(ThreadState, OfFurtherInterpretersAreJoined) {
  const auto outer = process_.expected();
  const uint64_t second = AddNested();
  auto codes = process_.expected();
  codes.insert(codes.end(), outer.begin(), outer.end());
  SetRunning(second);
  auto sample = process_.Sample();
  EXPECT_THAT(StatesOf(*sample), ElementsAreArray({second, process_.tstate()}));
  EXPECT_EQ(MadeProcess::FramesOf(*sample), codes);
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
}

// Pitfall 32
TEST_P(ThreadState, ThatRunsLeads) {
  const uint64_t second = AddNested();
  const uint64_t third = AddNested();
  for (uint64_t running : {process_.tstate(), second, third}) {
    SetRunning(running);
    const auto states = StatesOf(*process_.Sample());
    ASSERT_EQ(states.size(), 3u);
    EXPECT_EQ(states[0], running);
    EXPECT_EQ(std::set<uint64_t>(states.begin(), states.end()),
              (std::set<uint64_t>{process_.tstate(), second, third}));
  }
}

TEST_P(ThreadState, AreAllKeptWhileNobodyHoldsTheGil) {
  if (!has_attached()) GTEST_SKIP() << "the pthread key tells then";
  const uint64_t second = AddNested();
  SetRunning(0);
  auto sample = process_.Sample();
  EXPECT_THAT(StatesOf(*sample), ElementsAreArray({second, process_.tstate()}));
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(sample->depth, 6u);
}

TEST_P(ThreadState, BeyondTheLimitMakeTheStackCut) {
  for (int i = 1; i < PROFD_THREAD_STATES; ++i) AddNested();
  SetRunning(process_.tstate());
  EXPECT_EQ(process_.Sample()->stack_state, STACK_WHOLE);
  AddNested();
  auto sample = process_.Sample();
  EXPECT_EQ(sample->tstate_count, static_cast<uint32_t>(PROFD_THREAD_STATES));
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
}

// Pitfall 1: a fault on the way through the list may have hidden frames of the same thread.
TEST_P(ThreadState, HiddenByAReadLeavesNoWholeStack) {
  SetRunning(AddNested(), 40);
  process_.AddThreadState(process_.AddInterpreter(), 0x1000);
  ASSERT_EQ(process_.Sample()->depth, 6u);
  const int reads = static_cast<int>(process_.memory().reads().size());
  for (int i = 0; i < reads; ++i) {
    process_.memory().FailRead(i);
    auto sample = process_.Sample();
    EXPECT_TRUE(sample->stack_state != STACK_WHOLE || sample->depth == 6) << "read " << i;
  }
}

TEST_P(ThreadState, SearchEndsOnListsThatLeadIntoThemselves) {
  const uint64_t interpreter = process_.AddInterpreter();
  const uint64_t first = process_.AddThreadState(interpreter, 0x1000);
  process_.AddThreadState(interpreter, 0x2000);
  process_.PutField(first, PY_TSTATE_NEXT, first);
  auto sample = process_.NewSample();
  sample->thread_pointer = 0x3000;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_count, 0u);
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  process_.PutField(first, PY_TSTATE_NEXT, 0);
  process_.PutField(interpreter, PY_INTERP_NEXT, interpreter);
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_count, 0u);
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  process_.PutField(first, PY_TSTATE_NEXT, 0x4000);  // nothing is there
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->tstate_count, 0u);
  EXPECT_EQ(sample->stack_state, STACK_TORN);
}

INSTANTIATE_TEST_SUITE_P(EachLayout, ThreadState, ::testing::ValuesIn(MadeVersions()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace profd::testing
