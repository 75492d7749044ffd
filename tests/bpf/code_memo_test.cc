// What is kept of code objects from frame to frame and from sample to sample.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "symbolizer/cpython/layouts.h"
#include "tests/bpf/made_process.h"

namespace profd::testing {
namespace {

struct Free {
  void operator()(code_memo* memo) const { free(memo); }
};

class CodeMemo : public ::testing::TestWithParam<MadeVersion> {
 protected:
  static constexpr int kFrames = 6;

  CodeMemo() { process_.SetStack(std::vector<MadeFrame>(kFrames, MadeFrame::kPython)); }

  std::unique_ptr<native_sample> Sample(uint64_t incarnation = 77) {
    auto sample = process_.NewSample();
    sample->memo = memo_.get();
    sample->gate_epoch = gate_epoch_;
    sample->process.incarnation = incarnation;
    process_.memory().ResetReads();
    native_sample_thread(sample.get());
    EXPECT_EQ(sample->stack_state, STACK_WHOLE);
    return sample;
  }

  // Bytes that the last sample read of a code object.
  uint64_t BytesRead(uint64_t code) {
    uint64_t bytes = 0;
    for (const FakeTarget::ReadCall& read : process_.memory().reads()) {
      if (read.address >= code && read.address < code + process_.layout().code_bytes) {
        bytes += read.bytes;
      }
    }
    return bytes;
  }

  // Another code object takes the place of this one, as like it as can be.
  void Replace(uint64_t code) {
    const py_layout& layout = process_.layout();
    if (Has(layout, PY_CODE_VERSION)) {
      process_.memory().Put(code + layout.offset[PY_CODE_VERSION], uint32_t{4711});
    } else {
      const uint64_t name = process_.Allocate(128);
      process_.PutField(name, PY_UNICODE_HASH, 4711);
      process_.PutField(code, PY_CODE_NAME, name);
    }
    if (Has(layout, PY_INTERP_CODE_GENERATION)) {
      process_.PutField(process_.newest_interpreter(), PY_INTERP_CODE_GENERATION, ++freed_);
    }
  }

  MadeProcess process_{GetParam()};
  std::unique_ptr<code_memo, Free> memo_{native_memo_new()};
  uint32_t gate_epoch_ = 1;
  uint64_t freed_ = 0;
};

TEST_P(CodeMemo, ReadsTheCodeOfARecursionOnce) {
  const py_layout& layout = process_.layout();
  const MadeProcess::Expected leaf = process_.expected()[0];
  for (int i = 1; i < kFrames; ++i) {
    process_.PutField(process_.frames()[i], PY_FRAME_CODE, leaf.code);
    if (layout.instr_kind == PY_INSTR_POINTER) {
      process_.PutField(process_.frames()[i], PY_FRAME_INSTR,
                        leaf.code + layout.offset[PY_CODE_BYTECODE] + leaf.lasti);
    }
  }
  auto sample = Sample();
  ASSERT_EQ(sample->depth, static_cast<uint32_t>(kFrames));
  for (int i = 1; i < kFrames; ++i) {
    EXPECT_EQ(sample->frames[i].code, leaf.code);
    EXPECT_EQ(sample->frames[i].tag, sample->frames[0].tag);
    if (layout.instr_kind != PY_INSTR_POINTER) continue;
    EXPECT_EQ(sample->frames[i].lasti, leaf.lasti);
  }
  EXPECT_EQ(BytesRead(leaf.code), layout.code_bytes);
}

TEST_P(CodeMemo, ReadsLittleOfCodeThatIsProvenTheSame) {
  const py_layout& layout = process_.layout();
  auto first = Sample();
  auto second = Sample();
  for (int i = 0; i < kFrames; ++i) {
    EXPECT_EQ(second->frames[i].tag, first->frames[i].tag);
    EXPECT_EQ(second->frames[i].lasti, first->frames[i].lasti);
    const uint64_t want = Has(layout, PY_INTERP_CODE_GENERATION) ? 0
                          : Has(layout, PY_CODE_VERSION)         ? sizeof(uint32_t)
                                                                 : layout.code_bytes;
    EXPECT_EQ(BytesRead(first->frames[i].code), want);
  }
}

// Pitfall 33
TEST_P(CodeMemo, SeesThatAnotherCodeObjectHasTheAddress) {
  auto first = Sample();
  Replace(first->frames[2].code);
  auto second = Sample();
  for (int i = 0; i < kFrames; ++i) {
    EXPECT_EQ(second->frames[i].tag == first->frames[i].tag, i != 2);
  }
}

// Pitfall 33
TEST_P(CodeMemo, SeesThatANameThatNobodyHashedIsAnother) {
  const py_layout& layout = process_.layout();
  if (Has(layout, PY_CODE_VERSION)) GTEST_SKIP() << "its code objects are numbered";
  const uint64_t name = process_.Allocate(128);
  const uint64_t text = name + layout.offset[PY_UNICODE_ASCII_DATA];
  process_.PutField(name, PY_UNICODE_HASH, UINT64_MAX);
  process_.PutField(name, PY_UNICODE_LENGTH, 7);
  process_.memory().Put(name + layout.offset[PY_UNICODE_STATE],
                        1u << layout.unicode_kind_shift | 1u << layout.unicode_compact_shift |
                            1u << layout.unicode_ascii_shift);
  process_.PutField(process_.expected()[2].code, PY_CODE_NAME, name);
  process_.memory().Put(text, std::array<char, 16>{"made_01"});
  auto first = Sample();
  process_.memory().Put(text, std::array<char, 16>{"made_02"});
  auto second = Sample();
  process_.PutField(name, PY_UNICODE_LENGTH, uint64_t{1} << 60);
  auto third = Sample();
  for (int i = 0; i < kFrames; ++i) {
    EXPECT_EQ(second->frames[i].tag == first->frames[i].tag, i != 2);
    EXPECT_EQ(third->frames[i].tag == second->frames[i].tag, i != 2);
  }
}

TEST_P(CodeMemo, KeepsProcessesApart) {
  auto first = Sample(77);
  auto second = Sample(78);
  for (int i = 0; i < kFrames; ++i) EXPECT_NE(second->frames[i].tag, first->frames[i].tag);
}

// An interpreter may come to lie where an ended one lay, and count from the start.
TEST_P(CodeMemo, KeepsInterpretersApart) {
  if (!Has(process_.layout(), PY_INTERP_CODE_GENERATION)) GTEST_SKIP() << "it counts nothing";
  auto first = Sample();
  process_.PutField(process_.newest_interpreter(), PY_INTERP_ID, 5);
  Sample();
  EXPECT_EQ(BytesRead(first->frames[0].code), process_.layout().code_bytes);
}

TEST_P(CodeMemo, AsksForNamesUntilTheyAreThereAndAfterTheyWereDropped) {
  EXPECT_EQ(Sample()->unnamed_count, static_cast<uint32_t>(kFrames));
  EXPECT_EQ(Sample()->unnamed_count, 0u);
  Replace(process_.expected()[3].code);
  EXPECT_EQ(Sample()->unnamed_count, 1u);
  ++gate_epoch_;
  EXPECT_EQ(Sample()->unnamed_count, static_cast<uint32_t>(kFrames));
  EXPECT_EQ(Sample()->unnamed_count, 0u);
}

INSTANTIATE_TEST_SUITE_P(EachLayout, CodeMemo, ::testing::ValuesIn(MadeVersions()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace profd::testing
