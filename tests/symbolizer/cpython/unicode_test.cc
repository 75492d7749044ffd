#include "symbolizer/cpython/unicode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/symbolizer/cpython/python_target.h"

namespace profd {
namespace {

using testing::Interpreter;
using testing::PythonTarget;

template <typename Char>
std::string Raw(std::vector<Char> characters) {
  return std::string(reinterpret_cast<const char*>(characters.data()),
                     characters.size() * sizeof(Char));
}

// Pitfall 37
TEST(DecodeUnicodeTest, CoversEveryWidthOfCharacter) {
  EXPECT_EQ(DecodeUnicode("plain", 1, true), "plain");
  EXPECT_EQ(DecodeUnicode("na\xefve\xff", 1, false), "naïveÿ");
  EXPECT_EQ(DecodeUnicode(Raw<uint16_t>({0x7f, 0x80, 0x7ff, 0x800, 0xffff}), 2, false),
            "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
  EXPECT_EQ(DecodeUnicode(Raw<uint32_t>({'a', 0x65e5, 0x10000, 0x1f40d, 0x10ffff}), 4, false),
            "a日\xf0\x90\x80\x80🐍\xf4\x8f\xbf\xbf");
}

// Pitfall 37
TEST(DecodeUnicodeTest, ReplacesWhatIsNoCharacter) {
  EXPECT_EQ(DecodeUnicode(Raw<uint16_t>({0xd7ff, 0xd800, 0xdfff, 0xe000}), 2, false),
            "\xed\x9f\xbf\xef\xbf\xbd\xef\xbf\xbd\xee\x80\x80");
  // CPython stores no pairs: two surrogates are two lone ones.
  EXPECT_EQ(DecodeUnicode(Raw<uint16_t>({0xd83d, 0xde00}), 2, false), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(DecodeUnicode(Raw<uint32_t>({0xd800, 0x110000, 0xffffffff}), 4, false),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(DecodeUnicodeTest, TrustsNeitherTheAsciiFlagNorTheWidth) {
  EXPECT_EQ(DecodeUnicode("\xe9", 1, true), "é");
  EXPECT_EQ(DecodeUnicode("abc", 3, false), "");
  EXPECT_EQ(DecodeUnicode("abc", 0, false), "");
  EXPECT_EQ(DecodeUnicode(absl::string_view("a\0b", 3), 2, false), "a");
  EXPECT_EQ(DecodeUnicode(absl::string_view("a\0\0", 3), 4, false), "");
}

class LiveStringsTest : public ::testing::TestWithParam<int> {};

// Pitfall 37
TEST_P(LiveStringsTest, ReadsEveryKindOfStringAndBytes) {
  const std::vector<Interpreter> interpreters = testing::InterpretersOfMinor(GetParam());
  if (interpreters.empty()) GTEST_SKIP() << "no CPython 3." << GetParam() << " on this machine";
  for (const Interpreter& interpreter : interpreters) {
    SCOPED_TRACE(interpreter.ToString());
    PythonTarget live;
    ASSERT_NO_FATAL_FAILURE(StartTarget(interpreter, "live_strings.py", live));
    int strings = 0;
    for (std::string line = live.program->ReadLine(); line != "ready";
         line = live.program->ReadLine()) {
      SCOPED_TRACE(line.substr(0, 100));
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      ASSERT_EQ(words.size(), 3u);
      const uint64_t address = std::stoull(words[1], nullptr, 16);
      const std::string expected = testing::FromHex(words[2]);
      if (words[0] == "unready") {
        EXPECT_TRUE(
            absl::IsInvalidArgument(ReadUnicode(*live.memory, live.layout, address, 100).status()));
        continue;
      }
      const absl::StatusOr<std::string> found =
          words[0] == "bytes" ? ReadBytes(*live.memory, live.layout, address, 4096)
                              : ReadUnicode(*live.memory, live.layout, address, 5000);
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ(*found, expected);
      ++strings;
    }
    EXPECT_EQ(strings, 34);
  }
}

TEST_P(LiveStringsTest, CutsLongStringsAndRefusesLongBytes) {
  const std::vector<Interpreter> interpreters = testing::InterpretersOfMinor(GetParam());
  if (interpreters.empty()) GTEST_SKIP() << "no CPython 3." << GetParam() << " on this machine";
  PythonTarget live;
  ASSERT_NO_FATAL_FAILURE(StartTarget(interpreters.front(), "live_strings.py", live));
  for (std::string line = live.program->ReadLine(); line != "ready";
       line = live.program->ReadLine()) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    ASSERT_EQ(words.size(), 3u);
    const uint64_t address = std::stoull(words[1], nullptr, 16);
    const std::string expected = testing::FromHex(words[2]);
    if (words[0] == "bytes" && expected.size() == 4096) {
      EXPECT_TRUE(
          absl::IsResourceExhausted(ReadBytes(*live.memory, live.layout, address, 4095).status()));
    }
    if (words[0] == "str" && expected == std::string(5000, 'x')) {
      EXPECT_EQ(*ReadUnicode(*live.memory, live.layout, address, 3), "xxx");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CPython, LiveStringsTest, ::testing::Range(6, 16),
                         [](const auto& minor) { return "3_" + std::to_string(minor.param); });

// An address space of one page at kBase.
class OnePage : public ProcessMemory {
 public:
  static constexpr uint64_t kBase = 0x10000;
  std::string bytes = std::string(4096, '\0');

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    largest_read = std::max(largest_read, out.size());
    if (address < kBase || address - kBase > bytes.size() ||
        out.size() > bytes.size() - (address - kBase)) {
      return absl::OutOfRangeError("not mapped");
    }
    memcpy(out.data(), bytes.data() + (address - kBase), out.size());
    return absl::OkStatus();
  }
  template <typename T>
  void Put(size_t offset, T value) {
    memcpy(bytes.data() + offset, &value, sizeof(value));
  }
  size_t largest_read = 0;
};

py_layout LayoutOf312() {
  py_layout layout{};
  for (auto [field, offset] :
       std::initializer_list<std::pair<py_field, uint32_t>>{{PY_UNICODE_LENGTH, 16},
                                                            {PY_UNICODE_STATE, 32},
                                                            {PY_UNICODE_ASCII_DATA, 40},
                                                            {PY_UNICODE_COMPACT_DATA, 56},
                                                            {PY_BYTES_SIZE, 16},
                                                            {PY_BYTES_DATA, 32}}) {
    layout.has |= uint64_t{1} << field;
    layout.offset[field] = offset;
  }
  layout.unicode_kind_shift = 2;
  layout.unicode_compact_shift = 5;
  layout.unicode_ascii_shift = 6;
  return layout;
}

constexpr uint32_t kCompactAscii = 1 << 2 | 1 << 5 | 1 << 6;

TEST(ReadUnicodeTest, ReadsAStringThatEndsWithItsPage) {
  OnePage memory;
  const size_t at = 4096 - 43;
  memory.Put<int64_t>(at + 16, 3);
  memory.Put<uint32_t>(at + 32, kCompactAscii);
  memory.bytes.replace(at + 40, 3, "end");
  EXPECT_EQ(*ReadUnicode(memory, LayoutOf312(), OnePage::kBase + at, 100), "end");
}

// Pitfall 45
TEST(ReadUnicodeTest, RefusesForgedHeadsAndBoundsForgedLengths) {
  OnePage memory;
  const auto read = [&] { return ReadUnicode(memory, LayoutOf312(), OnePage::kBase, 1000); };
  memory.Put<uint32_t>(32, kCompactAscii);
  memory.Put<int64_t>(16, -1);
  EXPECT_TRUE(absl::IsInvalidArgument(read().status()));
  memory.Put<int64_t>(16, INT64_MAX);
  EXPECT_EQ(read()->size(), 1000u);
  EXPECT_LE(memory.largest_read, 4000u);
  for (uint32_t kind : {0, 3, 5, 6, 7}) {
    memory.Put<uint32_t>(32, kind << 2 | 1 << 5);
    EXPECT_TRUE(absl::IsInvalidArgument(read().status())) << kind;
  }
  memory.Put<uint32_t>(32, 4 << 2 | 1 << 5 | 1 << 6);
  EXPECT_TRUE(absl::IsInvalidArgument(read().status())) << "four-byte ASCII";
  memory.Put<uint32_t>(32, 1 << 2);
  EXPECT_TRUE(absl::IsOutOfRange(read().status())) << "characters at NULL";
  EXPECT_TRUE(
      absl::IsOutOfRange(ReadUnicode(memory, LayoutOf312(), UINT64_MAX - 8, 1000).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadUnicode(memory, py_layout{}, OnePage::kBase, 1000).status()));
}

// Pitfall 45
TEST(ReadBytesTest, RefusesForgedSizes) {
  OnePage memory;
  for (int64_t size : {int64_t{-1}, INT64_MIN}) {
    memory.Put<int64_t>(16, size);
    EXPECT_TRUE(
        absl::IsInvalidArgument(ReadBytes(memory, LayoutOf312(), OnePage::kBase, 1000).status()));
  }
  memory.Put<int64_t>(16, INT64_MAX);
  EXPECT_TRUE(
      absl::IsResourceExhausted(ReadBytes(memory, LayoutOf312(), OnePage::kBase, 1000).status()));
  EXPECT_LE(memory.largest_read, 64u);
}

}  // namespace
}  // namespace profd
