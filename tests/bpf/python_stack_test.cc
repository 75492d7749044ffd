// The walk from a thread state to its frames, in memory made up for each frame style.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/bpf/made_process.h"

namespace profd::testing {
namespace {

using Frames = std::vector<MadeFrame>;
using Expected = std::vector<MadeProcess::Expected>;

bool CalledWhole(const native_sample& sample) {
  return sample.stack_state == STACK_WHOLE || sample.stack_state == STACK_WHOLE_GREENLET;
}

std::vector<uint64_t> CodesOf(const Expected& frames) {
  std::vector<uint64_t> codes;
  for (const auto& frame : frames) codes.push_back(frame.code);
  return codes;
}

class PythonStack : public ::testing::TestWithParam<MadeVersion> {
 protected:
  Frames Mixed() const {
    Frames frames;
    for (int i = 0; i < 60; ++i) {
      frames.push_back(MadeFrame::kPython);
      if (process_.has_owner() && i % 5 == 0) frames.push_back(MadeFrame::kShim);
      if (process_.has_owner() && i % 7 == 0) frames.push_back(MadeFrame::kGenerator);
      if (GetParam().free_threaded && i % 3 == 0) frames.push_back(MadeFrame::kSecondCopy);
    }
    return frames;
  }

  MadeProcess process_{GetParam()};
};

TEST_P(PythonStack, YieldsEveryFrameWithItsInstruction) {
  process_.SetStack(Mixed());
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(MadeProcess::FramesOf(*sample), process_.expected());
  EXPECT_EQ(sample->half_pushed, 0);
  for (uint32_t i = 0; i < sample->depth; ++i) EXPECT_NE(sample->frames[i].tag, 0u);
}

// Pitfall 27: MadeLayout() poisons the offsets of absent fields. Pitfall 25: what is read lies
// where this version has it.
TEST_P(PythonStack, UsesNoFieldThatTheVersionLacks) {
  process_.SetStack(Mixed());
  auto sample = process_.Sample();
  for (const FakeTarget::ReadCall& read : process_.memory().reads()) {
    std::vector<std::byte> bytes(read.bytes);
    EXPECT_TRUE(process_.memory().Read(read.address, absl::MakeSpan(bytes)).ok())
        << std::hex << read.address;
  }
  auto otherwise = process_.NewSample();
  for (int field = 0; field < PY_FIELD_COUNT; ++field) {
    if (!(otherwise->layout.has >> field & 1)) otherwise->layout.offset[field] = 0;
  }
  native_sample_thread(otherwise.get());
  ASSERT_EQ(otherwise->depth, sample->depth);
  for (uint32_t i = 0; i < sample->depth; ++i) {
    EXPECT_EQ(otherwise->frames[i].tag, sample->frames[i].tag);
  }
}

// Pitfall 1
TEST_P(PythonStack, IsNeverCalledWholeWhenAReadHidAFrame) {
  process_.SetStack(Mixed());
  ASSERT_EQ(process_.Sample()->stack_state, STACK_WHOLE);
  const int reads = static_cast<int>(process_.memory().reads().size());
  const std::vector<uint64_t> codes = CodesOf(process_.expected());
  int torn = 0;
  for (int i = 0; i < reads; ++i) {
    process_.memory().FailRead(i);
    auto sample = process_.Sample();
    if (CalledWhole(*sample)) {
      EXPECT_EQ(CodesOf(MadeProcess::FramesOf(*sample)), codes) << "read " << i << " failed";
      EXPECT_EQ(sample->half_pushed, 0) << "read " << i << " failed";
    } else {
      ++torn;
    }
  }
  EXPECT_GT(torn, 0);
}

// Pitfall 1, with pages that stay away.
TEST_P(PythonStack, IsNeverCalledWholeWhenAPageHidAFrame) {
  process_.SetStack(Mixed());
  process_.Sample();
  const std::vector<uint64_t> codes = CodesOf(process_.expected());
  std::vector<uint64_t> pages;
  for (const FakeTarget::ReadCall& read : process_.memory().reads()) {
    pages.push_back(read.address & ~uint64_t{4095});
  }
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  for (uint64_t page : pages) {
    MadeProcess process(GetParam());
    process.SetStack(Mixed());
    process.memory().RemovePage(page);
    auto sample = process.Sample();
    if (CalledWhole(*sample)) {
      EXPECT_EQ(CodesOf(MadeProcess::FramesOf(*sample)), codes) << std::hex << page;
    }
  }
}

// Pitfall 38
TEST_P(PythonStack, KeepsTheFrameWhoseCodeObjectIsNotResident) {
  process_.SetStack({MadeFrame::kPython, MadeFrame::kPython, MadeFrame::kPython});
  const auto& code = process_.expected()[1].code;
  process_.Sample();
  const auto& reads = process_.memory().reads();
  const auto read =
      std::find_if(reads.begin(), reads.end(), [&](const auto& r) { return r.address == code; });
  ASSERT_NE(read, reads.end());
  process_.memory().FailRead(static_cast<int>(read - reads.begin()));
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  ASSERT_EQ(sample->depth, 3u);
  EXPECT_EQ(sample->frames[1].code, code);
  EXPECT_EQ(sample->frames[1].tag, 0u);
  EXPECT_EQ(sample->frames[1].lasti, -1);
}

// The name "code" of PyCode_Type is in .rodata, whose page a fresh process may not have touched.
TEST_P(PythonStack, KeepsFramesWhenTheTypesNameIsNotResident) {
  process_.SetStack({MadeFrame::kPython, MadeFrame::kPython});
  auto sample = process_.NewSample();
  process_.PutField(process_.Sample()->process.code_type, PY_TYPE_NAME, 0x10);
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(CodesOf(MadeProcess::FramesOf(*sample)), CodesOf(process_.expected()));
  EXPECT_EQ(sample->frames[0].tag, 0u);
  EXPECT_EQ(sample->half_pushed, 0);
}

// Pitfall 10
TEST_P(PythonStack, HoldsItsWholeLimitOfFrames) {
  process_.SetStack(Frames(PROFD_MAX_PY_FRAMES, MadeFrame::kPython));
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(MadeProcess::FramesOf(*sample), process_.expected());
}

TEST_P(PythonStack, SaysThatItWasCutAtTheLimit) {
  process_.SetStack(Frames(PROFD_MAX_PY_FRAMES + 1, MadeFrame::kPython));
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  Expected leaves = process_.expected();
  leaves.pop_back();
  EXPECT_EQ(MadeProcess::FramesOf(*sample), leaves);
}

TEST_P(PythonStack, SaysThatItWasCutWithoutBpfLoop) {
  process_.SetStack(Frames(200, MadeFrame::kPython));
  auto sample = process_.NewSample();
  sample->bounded = 1;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  EXPECT_EQ(sample->depth, 128u);
}

// Pitfall 11
TEST_P(PythonStack, DoesNotCountInterpreterEntriesAsFrames) {
  if (!process_.has_owner()) GTEST_SKIP() << "this version has no frames for entries";
  Frames frames;
  for (int i = 0; i < PROFD_MAX_PY_FRAMES; ++i) {
    frames.push_back(MadeFrame::kPython);
    frames.push_back(MadeFrame::kShim);
  }
  process_.SetStack(frames);
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(MadeProcess::FramesOf(*sample), process_.expected());
}

TEST_P(PythonStack, EndsOnAChainThatLeadsIntoItself) {
  for (size_t back_to : {0, 1, 3}) {
    process_.SetStack(Frames(4, MadeFrame::kPython));
    process_.PutField(process_.frames()[3], PY_FRAME_PREVIOUS, process_.frames()[back_to]);
    auto sample = process_.Sample();
    EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
    EXPECT_EQ(sample->depth, static_cast<uint32_t>(PROFD_MAX_PY_FRAMES));
  }
}

TEST_P(PythonStack, EndsOnInterpreterEntriesThatLeadIntoThemselves) {
  if (!process_.has_owner()) GTEST_SKIP() << "this version has no frames for entries";
  process_.SetStack({MadeFrame::kPython, MadeFrame::kShim, MadeFrame::kShim});
  process_.PutField(process_.frames()[2], PY_FRAME_PREVIOUS, process_.frames()[1]);
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_TRUNCATED);
  EXPECT_EQ(sample->depth, 1u);
}

TEST_P(PythonStack, IsTornByAWildPointer) {
  for (uint64_t wild : {uint64_t{0x1}, uint64_t{0x10}, ~uint64_t{0}, ~uint64_t{7},
                        uint64_t{1} << 60, uint64_t{0xffff'8000'0000'0000}}) {
    process_.SetStack(Frames(4, MadeFrame::kPython));
    process_.PutField(process_.frames()[2], PY_FRAME_PREVIOUS, wild);
    auto sample = process_.Sample();
    EXPECT_EQ(sample->stack_state, STACK_TORN) << std::hex << wild;
    EXPECT_EQ(sample->depth, 3u);
  }
}

TEST_P(PythonStack, IsTornByAFrameThatIsNotAligned) {
  process_.SetStack(Frames(4, MadeFrame::kPython));
  process_.PutField(process_.frames()[2], PY_FRAME_PREVIOUS, process_.frames()[3] + 4);
  EXPECT_EQ(process_.Sample()->stack_state, STACK_TORN);
}

TEST_P(PythonStack, RefusesAnInstructionOutsideOfHugeCode) {
  if (process_.layout().instr_kind != PY_INSTR_POINTER) GTEST_SKIP() << "no length is read";
  process_.SetStack({MadeFrame::kPython, MadeFrame::kPython});
  process_.PutField(process_.expected()[1].code, PY_CODE_UNITS, uint64_t{1} << 60);
  EXPECT_EQ(process_.Sample()->stack_state, STACK_TORN);
  // Even where the length would allow it, an offset must fit its field of the record.
  process_.PutField(process_.expected()[1].code, PY_CODE_UNITS, 0xffff'ffff);
  process_.PutField(process_.frames()[1], PY_FRAME_INSTR,
                    process_.expected()[1].code + (uint64_t{1} << 32));
  EXPECT_EQ(process_.Sample()->stack_state, STACK_TORN);
}

TEST_P(PythonStack, RefusesALayoutTooLargeForItsScratch) {
  process_.SetStack({MadeFrame::kPython});
  auto sample = process_.NewSample();
  sample->layout.code_bytes = PROFD_MAX_CODE_BYTES + 8;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->stack_state, STACK_TORN);
  sample = process_.NewSample();
  sample->layout.frame_bytes = PROFD_MAX_FRAME_BYTES * 64;
  native_sample_thread(sample.get());
  EXPECT_EQ(sample->stack_state, STACK_TORN);
}

TEST_P(PythonStack, LeavesOutFramesThatHaveNotBegun) {
  if (!process_.has_incomplete_frames()) GTEST_SKIP() << "this version shows them";
  process_.SetStack({MadeFrame::kIncomplete, MadeFrame::kPython, MadeFrame::kPython});
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  EXPECT_EQ(MadeProcess::FramesOf(*sample), process_.expected());
  EXPECT_EQ(sample->half_pushed, 0);
}

TEST_P(PythonStack, KeepsAFrameBeforeItsFirstInstructionUpTo310) {
  if (process_.has_incomplete_frames()) GTEST_SKIP() << "such a frame has not begun";
  process_.SetStack({MadeFrame::kPython, MadeFrame::kPython});
  process_.memory().Put(process_.frames()[0] + process_.layout().offset[PY_FRAME_INSTR],
                        int32_t{-1});
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, STACK_WHOLE);
  ASSERT_EQ(sample->depth, 2u);
  EXPECT_EQ(sample->frames[0].lasti, -1);
  EXPECT_EQ(sample->half_pushed, 0);
}

TEST_P(PythonStack, DropsOneHalfPushedFrameAndCountsIt) {
  Frames halves = {MadeFrame::kNotCode, MadeFrame::kNoCode};
  if (process_.layout().instr_kind == PY_INSTR_POINTER) halves.push_back(MadeFrame::kElsewhere);
  for (MadeFrame half : halves) {
    process_.SetStack({half, MadeFrame::kPython, MadeFrame::kPython});
    auto sample = process_.Sample();
    EXPECT_EQ(sample->stack_state, STACK_WHOLE);
    EXPECT_EQ(sample->half_pushed, 1);
    EXPECT_EQ(MadeProcess::FramesOf(*sample), process_.expected());
  }
}

TEST_P(PythonStack, IsTornByNonsenseThatNoPushExplains) {
  for (MadeFrame nonsense : {MadeFrame::kNotCode, MadeFrame::kNoCode}) {
    process_.SetStack({MadeFrame::kPython, nonsense, MadeFrame::kPython});
    auto sample = process_.Sample();
    EXPECT_EQ(sample->stack_state, STACK_TORN);
    EXPECT_EQ(sample->depth, 1u);
    process_.SetStack({nonsense, nonsense, MadeFrame::kPython});
    EXPECT_EQ(process_.Sample()->stack_state, STACK_TORN);
  }
}

// Pitfall 39
TEST_P(PythonStack, NamesAChainThatEndsBeforeTheThreadsRoot) {
  process_.SetStack(Frames(3, MadeFrame::kPython));
  process_.PutField(process_.frames()[2], PY_FRAME_PREVIOUS, 0);
  auto sample = process_.Sample();
  EXPECT_EQ(sample->stack_state, process_.base_frame() ? STACK_WHOLE_GREENLET : STACK_WHOLE);
  EXPECT_EQ(sample->depth, 3u);
}

TEST_P(PythonStack, ReadsFramesThatCrossPages) {
  // Wherever the first frame starts in its page, some frame of these crosses into the next one.
  for (int shift = 0; shift < 40; ++shift) {
    process_.Allocate(16);
    process_.SetStack(Frames(100, MadeFrame::kPython));
    auto sample = process_.Sample();
    ASSERT_EQ(sample->stack_state, STACK_WHOLE) << shift;
    ASSERT_EQ(MadeProcess::FramesOf(*sample), process_.expected()) << shift;
  }
}

TEST_P(PythonStack, ReadsManyFramesOfTheDataStackAtOnce) {
  if (process_.layout().frame_style == PY_FRAME_STYLE_OBJECT) GTEST_SKIP() << "frames are objects";
  process_.SetStack(Frames(300, MadeFrame::kPython));
  process_.Sample();
  const uint64_t low = process_.frames().back() & ~uint64_t{4095};
  const uint64_t high = process_.frames().front() + process_.layout().frame_bytes;
  const auto& reads = process_.memory().reads();
  const auto of_frames = std::count_if(reads.begin(), reads.end(), [&](const auto& read) {
    return read.address >= low && read.address < high && read.bytes != process_.layout().code_bytes;
  });
  EXPECT_LE(of_frames, static_cast<int64_t>(2 * ((high - low) / 4096 + 1)));
}

INSTANTIATE_TEST_SUITE_P(EachLayout, PythonStack, ::testing::ValuesIn(MadeVersions()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace profd::testing
