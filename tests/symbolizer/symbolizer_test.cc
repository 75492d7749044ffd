#include "symbolizer/symbolizer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/symbolizer/fake_code.h"

namespace profd {
namespace {

// A process with one code object, whose name, file and first line the kernel has sent.
class HalfSentCode : public ::testing::Test {
 protected:
  HalfSentCode() {
    process_.key.incarnation = FakeCode::kIncarnation;
    process_.layout = &target_.layout;
    process_.memory = [this]() -> ProcessMemory* { return ++looks_, &target_.memory; };
    process_.learn = [this](uint64_t tag, CodeDescription description) { Learn(tag, description); };
    CodeDescription sent;
    sent.name = "f";
    sent.file = "/a.py";
    sent.first_line = FakeCode::kFirstLine;
    Learn(target_.Reference().tag, sent);
  }

  void Learn(uint64_t tag, const CodeDescription& description) {
    symbolizer_.codes().Add(FakeCode::kIncarnation, tag, description);
  }

  Frame FrameAt(int lasti) { return FrameAt(lasti, target_.Reference().tag); }

  Frame FrameAt(int lasti, uint64_t tag) {
    py_frame_record frame = {};
    frame.code = FakeCode::kCode;
    frame.tag = tag;
    frame.lasti = lasti;
    const Stack stack = symbolizer_.Symbolize(process_, {{&frame, 1}, {}, nullptr, STACK_WHOLE});
    EXPECT_EQ(stack.size(), 1u);
    EXPECT_EQ(stack.front().function->name, "f");
    EXPECT_EQ(stack.front().function->file, "/a.py");
    return stack.front();
  }

  FakeCode target_;
  Symbolizer symbolizer_{{}};
  SymbolizerProcess process_;
  int looks_ = 0;
};

TEST_F(HalfSentCode, GetsItsLinesFromTheProcess) {
  // Two entries of one code unit, each a line further.
  target_.SetLineTable(std::string("\xd8\0\0\xd8\0\0", 6));
  EXPECT_EQ(FrameAt(2).line, 5);
  EXPECT_EQ(FrameAt(0).line, 4);
  EXPECT_EQ(looks_, 1);
  EXPECT_EQ(symbolizer_.stats().frames_read_late, 1u);
  EXPECT_EQ(symbolizer_.stats().frames_incomplete, 0u);
}

TEST_F(HalfSentCode, IsUnprovenWhereTheKernelCouldNotReadIt) {
  target_.SetLineTable(std::string("\xd8\0\0\xd8\0\0", 6));
  EXPECT_EQ(FrameAt(2, 0).line, 5);
  EXPECT_EQ(symbolizer_.stats().frames_unproven, 1u);
  EXPECT_EQ(symbolizer_.stats().frames_read_late, 1u);
  FrameAt(2);
  EXPECT_EQ(symbolizer_.stats().frames_unproven, 1u);
}

TEST_F(HalfSentCode, HasItsNameWithoutALineWhenItHasGone) {
  target_.memory.Put(FakeCode::kCode + target_.layout.offset[PY_CODE_NAME], FakeCode::kFile);
  EXPECT_EQ(FrameAt(2).line, 0);
  EXPECT_EQ(FrameAt(0).line, 0);
  EXPECT_EQ(looks_, 1);
  EXPECT_EQ(symbolizer_.stats().frames_incomplete, 2u);
  EXPECT_EQ(symbolizer_.stats().frames_unnamed, 0u);
}

TEST_F(HalfSentCode, IsReadOnceWhenItsLineTableIsTooLong) {
  target_.SetLineTableSize(kMaxLineTableBytes + 1);
  for (uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(FrameAt(2).line, 0);
    EXPECT_EQ(symbolizer_.stats().frames_incomplete, i);
  }
  EXPECT_EQ(looks_, 1);
}

TEST_F(HalfSentCode, IsReadAgainAfterAReadThatWasNotToBe) {
  target_.memory.FailWith(absl::UnavailableError("over budget"));
  EXPECT_EQ(FrameAt(0).line, 0);
  target_.memory.FailWith(absl::OkStatus());
  target_.SetLineTable(std::string("\xd8\0\0", 3));
  EXPECT_EQ(FrameAt(0).line, 4);
}

}  // namespace
}  // namespace profd
