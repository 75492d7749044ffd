#include "symbolizer/code_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/symbolizer/process/fake_memory.h"

namespace profd {
namespace {

code_record Record(uint16_t name, uint16_t file, uint32_t lines) {
  code_record record = {};
  record.name = {.address = 1, .length = name, .bytes = name, .char_bytes = 1, .ascii = 1};
  record.filename = {.address = 2, .length = file, .bytes = file, .char_bytes = 1, .ascii = 1};
  record.linetable_bytes = record.linetable_sent = lines;
  record.first_line = 3;
  return record;
}

py_layout Layout() {
  py_layout layout = {};
  layout.version = 0x030B0700;
  return layout;
}

TEST(DescribeCodeTest, TakesWhatTheKernelSent) {
  const auto code = DescribeCode(Record(1, 4, 2), "f/a.pLL", Layout());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->name, "f");
  EXPECT_EQ(code->file, "/a.p");
  EXPECT_EQ(code->line_table, "LL");
}

TEST(DescribeCodeTest, LengthsBeyondTheRecordAreErrors) {
  for (size_t bytes = 0; bytes < 7; ++bytes) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        DescribeCode(Record(1, 4, 2), absl::string_view("f/a.pLL", bytes), Layout()).status()));
  }
}

TEST(DescribeCodeTest, WhatWasNotSentIsToBeRead) {
  code_record record = Record(1, 4, 0);
  record.linetable_bytes = uint64_t{1} << 60;
  EXPECT_TRUE(absl::IsUnavailable(DescribeCode(record, "f/a.p", Layout()).status()));
  record = Record(0, 4, 0);
  record.name.length = uint64_t{1} << 60;
  EXPECT_TRUE(absl::IsUnavailable(DescribeCode(record, "/a.p", Layout()).status()));
}

TEST(DescribeCodeTest, ANegativeFirstLineIsNone) {
  code_record record = Record(1, 4, 2);
  record.first_line = -2147483647;
  EXPECT_EQ(DescribeCode(record, "f/a.pLL", Layout())->first_line, 0);
}

// Pitfall 45: offsets come from the interpreter's own table, which may be forged.
TEST(ReadCodeTest, ForgedLayoutsReadNothingOutside) {
  FakeMemory memory;
  memory.Write(0x1000, std::string(4096, '\x11'));
  py_layout layout = Layout();
  layout.has = ~uint64_t{0};
  for (uint32_t& offset : layout.offset) offset = 0xfffffff0;
  for (uint32_t code_bytes : {0u, 4u, 8u, 256u, 257u, 0xffffffffu}) {
    layout.code_bytes = code_bytes;
    EXPECT_FALSE(ReadCode(memory, layout, {0x1000}).ok()) << code_bytes;
  }
}

TEST(ReadCodeTest, FailsAsItsMemoryDoes) {
  FakeMemory memory;
  memory.FailWith(absl::DeadlineExceededError("blocked"));
  py_layout layout = Layout();
  layout.code_bytes = 160;
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadCode(memory, layout, {0x1000}).status()));
}

}  // namespace
}  // namespace profd
