#include "userspace/text/log_value.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace profd {
namespace {

TEST(LogValueTest, PlainWordsStayBare) {
  EXPECT_EQ(LogValue("/usr/lib/libpython3.11.so.1.0"), "/usr/lib/libpython3.11.so.1.0");
}

TEST(LogValueTest, EverythingElseIsQuoted) {
  EXPECT_EQ(LogValue(""), "\"\"");
  EXPECT_EQ(LogValue("a b"), "\"a b\"");
  EXPECT_EQ(LogValue("a=b"), "\"a=b\"");
  EXPECT_EQ(LogValue("naïve"), "\"naïve\"");
}

TEST(LogValueTest, NothingForgesALineOrDrivesATerminal) {
  EXPECT_EQ(LogValue("x\" level=error y=\""), "\"x\\\" level=error y=\\\"\"");
  EXPECT_EQ(LogValue("x\\"), "\"x\\\\\"");
  EXPECT_EQ(LogValue("a\nb\x1b[2J\x7f\r"), "\"a\\nb\\x1b[2J\\x7f\\x0d\"");
  EXPECT_EQ(LogValue("\xc2\x9b"), "\"\\xc2\\x9b\"");
  EXPECT_EQ(LogValue("\xff\xed\xa0\x80"), "\"\\xff\\xed\\xa0\\x80\"");
  EXPECT_EQ(LogValue(absl::string_view("\0", 1)), "\"\\x00\"");
}

TEST(LogValueTest, LongOnesAreCut) {
  EXPECT_LT(LogValue(std::string(1 << 20, '\n')).size(), 1100u);
  EXPECT_LT(LogValue(std::string(1 << 20, 'x')).size(), 1100u);
}

}  // namespace
}  // namespace profd
