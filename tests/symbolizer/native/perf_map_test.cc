#include "symbolizer/native/perf_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace profd {
namespace {

constexpr auto kAlways = std::chrono::seconds(0);

SymbolTable Read(const std::string& text, const SymbolLimits& limits = {}) {
  const int fd = memfd_create("map", MFD_CLOEXEC);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  SymbolTable table = ReadPerfMap(fd, limits);
  close(fd);
  return table;
}

std::string NameAt(const SymbolTable& table, uint64_t address) {
  const auto symbol = table.Find(address);
  return symbol ? std::string(symbol->name) : "none";
}

TEST(ReadPerfMap, NamesMayHoldSpacesAndTheLatestLineWins) {
  const SymbolTable table =
      Read("7f0000001000 20 py::f:/app/a b.py\n7f0000001020 10 g\n7f0000001020 8 h\n");
  EXPECT_EQ(NameAt(table, 0x7f000000101f), "py::f:/app/a b.py");
  EXPECT_EQ(NameAt(table, 0x7f0000001021), "h");
  EXPECT_EQ(NameAt(table, 0x7f0000001029), "none");
}

TEST(ReadPerfMap, SkipsWhatIsNoEntryAndALineStillBeingWritten) {
  const SymbolTable table = Read(
      "nonsense\n\n10 10\nzz 10 x\n1ffffffffffffffff 10 x\n2000 0 empty\n1000 10 good\n3000 10 "
      "hal");
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(NameAt(table, 0x1001), "good");
}

TEST(ReadPerfMap, LinesAcrossReadsAreWhole) {
  std::string text;
  for (int i = 0; i < 9973; ++i) {
    absl::StrAppend(&text, absl::Hex(0x10000 + i * 16), " 10 function_number_", i, "\n");
  }
  const SymbolTable table = Read(text);
  ASSERT_EQ(table.size(), 9973u);
  for (int i = 0; i < 9973; ++i) {
    EXPECT_EQ(NameAt(table, 0x10008 + i * 16), absl::StrCat("function_number_", i));
  }
}

// Pitfall 45
TEST(ReadPerfMap, EndlessLineAndEndlessMapAreBounded) {
  const SymbolTable line =
      Read(absl::StrCat("1000 10 ", std::string(3 << 20, 'x'), "\n2000 10 y\n"));
  EXPECT_EQ(NameAt(line, 0x1000).size(), SymbolTable::kMaxNameBytes);
  EXPECT_EQ(NameAt(line, 0x2000), "y");
  std::string text;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&text, absl::Hex(0x1000 + i), " 1 name\n");
  const SymbolTable map = Read(text, {.symbols = 100, .name_bytes = 1 << 20});
  EXPECT_EQ(map.size(), 100u);
  EXPECT_TRUE(map.truncated());
}

TEST(PerfMapOwner, IsThisProcess) {
  const auto owner = ReadPerfMapOwner(getpid());
  ASSERT_TRUE(owner.ok());
  EXPECT_EQ(owner->user, geteuid());
  EXPECT_GT(owner->namespace_pid, 0);
  EXPECT_FALSE(ReadPerfMapOwner(0x3fffffff).ok());
}

class PerfMapTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto owner = ReadPerfMapOwner(getpid());
    ASSERT_TRUE(owner.ok());
    path_ = absl::StrCat("/tmp/perf-", owner->namespace_pid, ".map");
  }
  void TearDown() override { unlink(path_.c_str()); }
  void Append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  std::string path_;
};

TEST_F(PerfMapTest, IsReadAgainWhenItGrew) {
  PerfMap map;
  EXPECT_EQ(map.Find(getpid(), 0x1000, kAlways), nullptr);
  Append("1000 10 first\n");
  PerfMap fresh;
  ASSERT_NE(fresh.Find(getpid(), 0x1000, kAlways), nullptr);
  EXPECT_EQ(fresh.Find(getpid(), 0x1000, kAlways)->file, path_);
  Append("2000 10 second\n");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (fresh.Find(getpid(), 0x2000, kAlways) == nullptr) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  EXPECT_EQ(fresh.Find(getpid(), 0x2008, kAlways)->name, "second");
}

TEST_F(PerfMapTest, AnotherUsersFileIsNotBelieved) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give a file away";
  Append("1000 10 forged\n");
  ASSERT_EQ(chown(path_.c_str(), 12345, 12345), 0);
  PerfMap map;
  EXPECT_EQ(map.Find(getpid(), 0x1000, kAlways), nullptr);
}

// Pitfall 46
TEST_F(PerfMapTest, FifoInItsPlaceDoesNotBlock) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  PerfMap map;
  EXPECT_EQ(map.Find(getpid(), 0x1000, kAlways), nullptr);
}

}  // namespace
}  // namespace profd
