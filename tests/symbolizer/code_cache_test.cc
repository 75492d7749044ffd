#include "symbolizer/code_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace profd {
namespace {

CodeDescription Code(const std::string& name, size_t line_table_bytes = 16) {
  CodeDescription code;
  code.name = name;
  code.file = "/app/main.py";
  code.first_line = 7;
  code.line_table = std::string(line_table_bytes, '\x80');
  return code;
}

TEST(CodeCacheTest, FindsByProcessAndTag) {
  CodeCache cache;
  cache.Add(1, 10, Code("f"));
  ASSERT_NE(cache.Find(1, 10), nullptr);
  EXPECT_EQ(cache.Find(1, 10)->function()->name, "f");
  EXPECT_EQ(cache.Find(2, 10), nullptr);
  EXPECT_EQ(cache.Find(1, 11), nullptr);
}

TEST(CodeCacheTest, EqualCodeOfManyProcessesIsKeptOnce) {
  CodeCache cache;
  for (uint64_t process = 1; process <= 100; ++process) cache.Add(process, 10, Code("f"));
  EXPECT_EQ(cache.objects(), 1u);
  EXPECT_EQ(cache.Find(1, 10), cache.Find(100, 10));
}

TEST(CodeCacheTest, TwoFunctionsOfOneNameAreTwo) {
  CodeCache cache;
  cache.Add(1, 10, Code("<lambda>", 16));
  cache.Add(1, 11, Code("<lambda>", 17));
  EXPECT_NE(cache.Find(1, 10), cache.Find(1, 11));
}

// Pitfall 45
TEST(CodeCacheTest, OneProcessCannotFillTheMemory) {
  const CodeCache::Limits limits;
  CodeCache cache(limits);
  size_t dropped = 0;
  for (uint64_t tag = 1; tag <= 20000; ++tag) {
    dropped += cache.Add(1, tag, Code(std::to_string(tag), 16384)).size();
    ASSERT_LE(cache.bytes(), limits.bytes_per_process + (1 << 20));
    ASSERT_NE(cache.Find(1, tag), nullptr);
  }
  EXPECT_GT(dropped, 10000u);
}

TEST(CodeCacheTest, ManyProcessesCannotEither) {
  CodeCache::Limits limits;
  limits.bytes = 64 << 20;
  CodeCache cache(limits);
  for (uint64_t process = 1; process <= 40; ++process) {
    for (uint64_t tag = 1; tag <= 1000; ++tag) {
      cache.Add(process, tag, Code(std::to_string(process * 1000 + tag), 16384));
    }
    ASSERT_LE(cache.bytes(), limits.bytes + (1 << 20));
  }
}

TEST(CodeCacheTest, TagsThatHadToGoAreTold) {
  CodeCache::Limits limits;
  limits.tags_per_process = 100;
  CodeCache cache(limits);
  for (uint64_t tag = 1; tag <= limits.tags_per_process; ++tag) {
    ASSERT_TRUE(cache.Add(1, tag, Code("f")).empty());
  }
  EXPECT_EQ(cache.Add(1, 1 << 20, Code("f")).size(), limits.tags_per_process);
  EXPECT_EQ(cache.Find(1, 1), nullptr);
}

TEST(CodeCacheTest, WhatIsCompleteStays) {
  CodeDescription incomplete = Code("f");
  incomplete.line_table = std::nullopt;
  CodeCache cache;
  cache.Add(1, 10, incomplete);
  ASSERT_NE(cache.Find(1, 10), nullptr);
  EXPECT_FALSE(cache.Find(1, 10)->complete());
  cache.Add(1, 10, Code("f"));
  EXPECT_TRUE(cache.Find(1, 10)->complete());
  cache.Add(1, 10, incomplete);  // sent by another CPU
  EXPECT_TRUE(cache.Find(1, 10)->complete());
}

TEST(CodeCacheTest, ForgottenProcessesLeaveNothing) {
  CodeCache cache;
  cache.Add(1, 10, Code("f"));
  EXPECT_EQ(cache.Forget(1).size(), 1u);
  EXPECT_EQ(cache.Find(1, 10), nullptr);
  EXPECT_TRUE(cache.Forget(1).empty());
}

// Pitfall 45
TEST(CodeCacheTest, AProcessThatHasEndedTakesItsMemoryWithIt) {
  CodeCache cache;
  cache.Add(2, 1, Code("of another"));
  const size_t before = cache.bytes();
  for (uint64_t tag = 1; tag <= 2000; ++tag) {
    cache.Add(1, tag, Code(std::to_string(tag), 16384));
  }
  const size_t taken = cache.bytes() - before;
  cache.Forget(1);
  EXPECT_EQ(cache.bytes(), before);
  EXPECT_EQ(cache.released_bytes(), taken);
  EXPECT_NE(cache.Find(2, 1), nullptr);
}

TEST(CodeObjectTest, OffsetsOfStrangersAreSafe) {
  const CodeObject code(Code("f", 16384));
  for (int lasti = -5; lasti < 20000; ++lasti) EXPECT_GE(code.LineOf(lasti), 0);
  EXPECT_EQ(code.LineOf(-1), 7);
  EXPECT_EQ(code.LineOf(2147483647), 7);
}

TEST(CodeObjectTest, WithoutItsLineTableNoLineIsKnown) {
  CodeDescription description = Code("f");
  description.line_table = std::nullopt;
  const CodeObject code(description);
  for (int lasti : {-1, 0, 2, 2147483647}) EXPECT_EQ(code.LineOf(lasti), 0);
  EXPECT_EQ(code.function()->first_line, 7);
  EXPECT_FALSE(code.complete());
  EXPECT_TRUE(CodeObject(Code("f")).complete());
}

TEST(CodeObjectTest, WithoutItsFileItHasLines) {
  CodeDescription description = Code("f", 0);
  description.format = LineTableFormat::kLnotab;
  description.file = std::nullopt;
  const CodeObject code(description);
  EXPECT_EQ(code.LineOf(0), 7);
  EXPECT_EQ(code.function()->file, "");
  EXPECT_FALSE(code.complete());
}

}  // namespace
}  // namespace profd
