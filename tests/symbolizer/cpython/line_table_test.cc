#include "symbolizer/cpython/line_table.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstring>
#include <random>
#include <string>

#include "tests/symbolizer/cpython/interpreters.h"

namespace profd {
namespace {

using testing::Interpreter;
using testing::PythonProgram;

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(LineTableFormatTest, FollowsTheMinorVersion) {
  EXPECT_EQ(LineTableFormatFor(0x03060F00), LineTableFormat::kLnotab);
  EXPECT_EQ(LineTableFormatFor(0x03091200), LineTableFormat::kLnotab);
  EXPECT_EQ(LineTableFormatFor(0x030A0D00), LineTableFormat::kLineTable);
  EXPECT_EQ(LineTableFormatFor(0x030B0000), LineTableFormat::kLocations);
  EXPECT_EQ(LineTableFormatFor(0x030F0200), LineTableFormat::kLocations);
}

TEST(LnotabTest, GoesBackwardsOnSignedDeltas) {
  const std::string table = Bytes({6, 2, 50, 256 - 3});
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, table, 10, 4), 10);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, table, 10, 6), 12);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, table, 10, 56), 9);
}

TEST(LnotabTest, JoinsPairsOfLongJumps) {
  const std::string table = Bytes({255, 0, 45, 127, 0, 73});
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, table, 1, 298), 1);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, table, 1, 300), 201);
}

TEST(LineTableTest, HasNoLineInARangeThatSaysSo) {
  const std::string table = Bytes({4, 1, 6, 256 - 128, 2, 1});
  EXPECT_EQ(LineAt(LineTableFormat::kLineTable, table, 10, 2), 11);
  EXPECT_EQ(LineAt(LineTableFormat::kLineTable, table, 10, 4), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLineTable, table, 10, 10), 12);
  EXPECT_EQ(LineAt(LineTableFormat::kLineTable, table, 10, 12), 0);
}

TEST(LocationsTest, KeepsLineWhenLocationHasNone) {
  const int none = 0x80 | 15 << 3;
  const int no_columns = 0x80 | 13 << 3;
  const std::string table = Bytes({no_columns, 10, none, 0x80 | 11 << 3, 0, 0});
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, table, 100, 0), 105);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, table, 100, 2), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, table, 100, 4), 106);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, table, 100, 6), 0);
}

// Pitfall 47
TEST(LocationsTest, ReadsASixthVarintByteAndRefusesASeventh) {
  const int no_columns = 0x80 | 13 << 3;
  const std::string largest = Bytes({no_columns, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x03});
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, largest, 0, 0), INT_MAX);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, largest, 1, 0), 0);
  const std::string above_32_bits = Bytes({no_columns, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x04});
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, above_32_bits, 1, 0), 0);
  const std::string endless = Bytes({no_columns, 0x42, 0x40, 0x40, 0x40, 0x40, 0x40, 0x00});
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, endless, 1, 0), 0);
}

// Pitfall 47
TEST(LineTableTest, GivesNoLineForTornTables) {
  const int no_columns = 0x80 | 13 << 3;
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, Bytes({no_columns}), 1, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, Bytes({no_columns, 0x42}), 1, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, Bytes({0x01}), 1, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLocations, "", 1, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLineTable, Bytes({4}), 1, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, Bytes({0}), 7, 0), 7);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, Bytes({0, 1}), INT_MAX, 0), 0);
  EXPECT_EQ(LineAt(LineTableFormat::kLnotab, Bytes({0, 128}), INT_MIN, 0), 0);
  for (LineTableFormat format :
       {LineTableFormat::kLnotab, LineTableFormat::kLineTable, LineTableFormat::kLocations}) {
    EXPECT_EQ(LineAt(format, Bytes({0x80, 0, 2, 1}), 1, -1), 0);
  }
}

TEST(LineIndexTest, AgreesWithLineAt) {
  std::mt19937 random(1);
  for (LineTableFormat format :
       {LineTableFormat::kLnotab, LineTableFormat::kLineTable, LineTableFormat::kLocations}) {
    for (size_t bytes : {size_t{0}, size_t{1}, LineIndex::kStride, 9 * LineIndex::kStride + 1}) {
      std::string table(bytes, '\0');
      for (char& byte : table) {
        const uint32_t value = random();
        // Also ranges of no length, and entries of locations in order.
        byte = static_cast<char>(value % 4 == 0 ? 0 : value >> 8 & (value % 4 == 1 ? 0xff : 0xbf));
      }
      if (format == LineTableFormat::kLocations) {
        for (size_t i = 0; i < bytes; ++i)
          table[i] = i % 3 == 0 ? table[i] | 0x80 : table[i] & 0x3f;
      }
      const LineIndex index(format, table, 1000);
      EXPECT_EQ(index.bytes() > 0, bytes > LineIndex::kStride);
      EXPECT_LT(index.bytes(), 4096u);
      for (int lasti = -2; lasti < 3000000; lasti = lasti < 2000 ? lasti + 2 : lasti + 10007) {
        ASSERT_EQ(index.LineAt(table, lasti), LineAt(format, table, 1000, lasti)) << lasti;
      }
      EXPECT_EQ(index.LineAt(table, INT_MAX), LineAt(format, table, 1000, INT_MAX));
    }
  }
}

// The stream of dump_line_tables.py.
class DumpReader {
 public:
  explicit DumpReader(absl::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Next() {
    T value{};
    if (const absl::string_view bytes = Take(sizeof(T)); !bytes.empty()) {
      memcpy(&value, bytes.data(), sizeof(T));
    }
    return value;
  }
  absl::string_view Take(size_t count) {
    if (bytes_.size() < count) {
      torn_ = true;
      return {};
    }
    const absl::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  bool torn() const { return torn_; }

 private:
  absl::string_view bytes_;
  bool torn_ = false;
};

struct Comparison {
  uint32_t code_objects = 0;
  uint64_t code_units = 0;
  uint64_t without_line = 0;
  uint64_t largest_table = 0;
  uint64_t wrong = 0;
};

void Compare(LineTableFormat format, absl::string_view dump, Comparison& result) {
  constexpr uint32_t kEnd = 0xFFFFFFFF;
  DumpReader reader(dump);
  for (;;) {
    const auto first_line = reader.Next<int32_t>();
    const auto table_bytes = reader.Next<uint32_t>();
    const auto code_bytes = reader.Next<uint32_t>();
    const auto ranges = reader.Next<uint32_t>();
    ASSERT_FALSE(reader.torn()) << "the dump ends after " << result.code_objects << " code objects";
    if (table_bytes == kEnd) {
      ASSERT_EQ(code_bytes, result.code_objects);
      return;
    }
    const absl::string_view table = reader.Take(table_bytes);
    uint32_t offset = 0;
    for (uint32_t range = 0; range < ranges; ++range) {
      const auto end = reader.Next<uint32_t>();
      const auto expected = reader.Next<int32_t>();
      for (; offset < end; offset += 2) {
        const int line = LineAt(format, table, first_line, static_cast<int>(offset));
        ++result.code_units;
        result.without_line += expected == 0;
        if (line == expected) continue;
        if (++result.wrong <= 5) {
          ADD_FAILURE() << "code object " << result.code_objects << " (first line " << first_line
                        << "), offset " << offset << ": " << line << ", not " << expected;
        }
      }
    }
    ASSERT_EQ(offset, code_bytes);
    result.largest_table = std::max<uint64_t>(result.largest_table, table_bytes);
    ++result.code_objects;
  }
}

class StandardLibraryTest : public ::testing::TestWithParam<int> {};

// Pitfall 35
TEST_P(StandardLibraryTest, EveryCodeUnitHasTheLineTheInterpreterGives) {
  const std::vector<Interpreter> interpreters = testing::InterpretersOfMinor(GetParam());
  if (interpreters.empty()) GTEST_SKIP() << "no CPython 3." << GetParam() << " on this machine";
  for (const Interpreter& interpreter : interpreters) {
    SCOPED_TRACE(interpreter.ToString());
    PythonProgram program(interpreter, testing::Script("dump_line_tables.py"));
    const std::string dump = program.ReadAll();
    ASSERT_EQ(program.Wait(), 0);
    const LineTableFormat format =
        LineTableFormatFor(0x03000000 | static_cast<uint32_t>(interpreter.minor) << 16);
    Comparison result;
    ASSERT_NO_FATAL_FAILURE(Compare(format, dump, result));
    EXPECT_EQ(result.wrong, 0u);
    EXPECT_GT(result.code_objects, 1000u);
    EXPECT_GT(result.largest_table, 1024u);
    EXPECT_EQ(result.without_line > 0, format != LineTableFormat::kLnotab);
    RecordProperty("code_units", std::to_string(result.code_units));
    std::cout << interpreter.ToString() << ": " << result.code_objects << " code objects, "
              << result.code_units << " code units, largest table " << result.largest_table
              << " bytes\n";
  }
}

INSTANTIATE_TEST_SUITE_P(CPython, StandardLibraryTest, ::testing::Range(6, 16),
                         [](const auto& minor) { return "3_" + std::to_string(minor.param); });

}  // namespace
}  // namespace profd
