#include "userspace/analysis/source_fit.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/userspace/profile/stacks.h"

namespace profd {
namespace {

bool IsDefinedAt(absl::string_view text, const char* name, int line) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return IsDefinedIn(lines, {FrameKind::kPython, name, "m.py", line});
}

// Why `text` cannot be what ran NAME, begun at `first_line`, at `line`.
std::string Mismatch(absl::string_view text, const char* name, int first_line, int line) {
  Profile profile;
  profile.Add(profile.InternStack({MakeFrame(FrameKind::kPython, name, "m.py", first_line, line),
                                   MakeFrame(FrameKind::kPython, "elsewhere", "n.py", 1000, 1001)}),
              Labels{}, 1, 1);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return SourceMismatch(UseOf(profile, "m.py"), lines);
}

constexpr char kText[] =
    "import x\n\ndef first():\n    pass\n\n@x.cached\n@x.other(\n  1)\nasync def second(a):\n";

TEST(SourceFit, ADefinitionStandsOnItsFunctionsFirstLine) {
  EXPECT_TRUE(IsDefinedAt(kText, "first", 3));
  EXPECT_TRUE(IsDefinedAt(kText, "Class.<locals>.first", 3));
  EXPECT_TRUE(IsDefinedAt("class  C(B):", "C", 1));
  EXPECT_TRUE(IsDefinedAt("def f[T](a: T): pass", "f", 1));
  EXPECT_TRUE(IsDefinedAt("type A[T] = list[T]", "A", 1));
  EXPECT_TRUE(IsDefinedAt("cdef inline int f(int a):", "f", 1));
  EXPECT_FALSE(IsDefinedAt(kText, "first", 4));
  EXPECT_FALSE(IsDefinedAt(kText, "firs", 3));
  EXPECT_FALSE(IsDefinedAt(kText, "first", 0));
  EXPECT_FALSE(IsDefinedAt(kText, "first", 1'000'000));
}

TEST(SourceFit, ADecoratedFunctionBeginsAtItsFirstDecorator) {
  EXPECT_TRUE(IsDefinedAt(kText, "Class.second", 6));
  EXPECT_TRUE(IsDefinedAt(kText, "second", 9));  // Python 3.7
  EXPECT_FALSE(IsDefinedAt(kText, "third", 6));
  EXPECT_NE(Mismatch(kText, "third", 6, 6), "");
}

TEST(SourceFit, WhatHasNoWordOfItsOwnFitsButTellsNothing) {
  for (const char* name : {"<module>", "f.<locals>.<listcomp>", "C.__annotate__"}) {
    EXPECT_FALSE(IsDefinedAt(kText, name, 1)) << name;
    EXPECT_EQ(Mismatch(kText, name, 1, 1), "") << name;
  }
}

TEST(SourceFit, ALambdasLineHasItsWord) {
  EXPECT_EQ(Mismatch("a = 1\nf = lambda: a", "<lambda>", 2, 2), "");
  EXPECT_NE(Mismatch("a = 1\nf = lambda: a", "<lambda>", 1, 1), "");
}

TEST(SourceFit, SaysWhichFunctionHasMoved) {
  const std::string fits = "class C:\n  def run(self):\n    pass\nC().run()";
  EXPECT_EQ(Mismatch(fits, "C.run", 2, 3), "");
  EXPECT_EQ(Mismatch("class C:\n\n  def run(self):\n    pass", "C.run", 2, 3),
            "C.run began at line 2, which is not its beginning now");
  EXPECT_EQ(Mismatch("class C: pass", "C.run", 2, 3), "C.run began at line 2 of now 1");
}

TEST(SourceFit, ALineThatRanMustBeThere) {
  EXPECT_EQ(Mismatch("class C:\n  def run(self): pass", "C.run", 2, 3), "line 3 ran, of now 2");
  EXPECT_EQ(Mismatch("", "<module>", 1, 1), "");
}

}  // namespace
}  // namespace profd
