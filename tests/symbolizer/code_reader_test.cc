#include "symbolizer/code_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/symbolizer/fake_code.h"

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

TEST(DescribeCodeTest, ANameThatWasNotSentIsToBeRead) {
  code_record record = Record(0, 4, 0);
  record.name.length = uint64_t{1} << 60;
  EXPECT_TRUE(absl::IsUnavailable(DescribeCode(record, "/a.p", Layout()).status()));
}

TEST(DescribeCodeTest, WhatWasSentIsKeptWithoutTheRest) {
  code_record record = Record(1, 4, 0);
  record.linetable_bytes = 16384;
  auto code = DescribeCode(record, "f/a.p", Layout());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->name, "f");
  EXPECT_EQ(code->file, "/a.p");
  EXPECT_EQ(code->first_line, 3);
  EXPECT_EQ(code->line_table, std::nullopt);

  record = Record(1, 0, 2);
  record.filename.length = 1025;
  code = DescribeCode(record, "fLL", Layout());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->name, "f");
  EXPECT_EQ(code->file, std::nullopt);
  EXPECT_EQ(code->line_table, "LL");

  record = Record(1, 4, 2);
  record.qualname = {.address = 4, .length = 1025};
  code = DescribeCode(record, "f/a.pLL", Layout());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->name, "f");
  EXPECT_FALSE(code->complete());
}

TEST(DescribeCodeTest, AnEmptyLineTableIsOneOnlyBefore310) {
  py_layout layout = Layout();
  EXPECT_EQ(DescribeCode(Record(1, 4, 0), "f/a.p", layout)->line_table, std::nullopt);
  layout.version = 0x03080000;
  EXPECT_EQ(DescribeCode(Record(1, 4, 0), "f/a.p", layout)->line_table, "");
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

TEST(ReadCodeTest, ReadsLineTablesOfHundredsOfKilobytes) {
  FakeCode target;
  target.SetLineTable(std::string(300 << 10, '\x80'));
  const auto code = ReadCode(target.memory, target.layout, target.Reference());
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->name, "f");
  EXPECT_EQ(code->file, "/a.py");
  ASSERT_TRUE(code->line_table.has_value());
  EXPECT_EQ(code->line_table->size(), 300u << 10);
}

// Pitfall 45
TEST(ReadCodeTest, TellsOfALineTableThatIsTooLong) {
  FakeCode target;
  for (uint64_t size : {uint64_t{kMaxLineTableBytes} + 1, uint64_t{1} << 62}) {
    target.SetLineTableSize(size);
    const auto code = ReadCode(target.memory, target.layout, target.Reference());
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(code->name, "f");
    EXPECT_EQ(code->first_line, 3);
    EXPECT_EQ(code->line_table, std::nullopt);
  }
}

TEST(ReadCodeTest, ReadsNoLineTableOfAnotherCodeObject) {
  FakeCode target;
  CodeReference other = target.Reference();
  other.tag ^= 1;
  const int before = target.memory.reads();
  EXPECT_TRUE(absl::IsNotFound(ReadCode(target.memory, target.layout, other).status()));
  EXPECT_LE(target.memory.reads() - before, 3);  // it, its type and the type's name
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
