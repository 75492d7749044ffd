#include "symbolizer/text/clone_suffix.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

TEST(CloneSuffix, WhatCompilersAppendGoes) {
  EXPECT_EQ(WithoutCloneSuffix("long_mod.isra.0"), "long_mod");
  EXPECT_EQ(WithoutCloneSuffix("parse.isra.0.cold"), "parse");
  EXPECT_EQ(WithoutCloneSuffix("_PyObject_Alloc.constprop.0.isra.12"), "_PyObject_Alloc");
  EXPECT_EQ(WithoutCloneSuffix("sort.llvm.12345"), "sort");
}

TEST(CloneSuffix, WhatTheAuthorWroteStays) {
  EXPECT_EQ(WithoutCloneSuffix("version.2"), "version.2");
  EXPECT_EQ(WithoutCloneSuffix("counter.part_of"), "counter.part_of");
  EXPECT_EQ(WithoutCloneSuffix(".isra.0"), ".isra.0");
  EXPECT_EQ(WithoutCloneSuffix("17"), "17");
  EXPECT_EQ(WithoutCloneSuffix(""), "");
}

}  // namespace
}  // namespace profd
