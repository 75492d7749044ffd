#include "userspace/text/count_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace profd {
namespace {

TEST(CountTextTest, GroupsDigitsByThree) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(12'345'678), "12,345,678");
  EXPECT_EQ(CountText(-100), "-100");
  EXPECT_EQ(CountText(-123'456), "-123,456");
  EXPECT_EQ(CountText(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(CountTextTest, OneIsNoPlural) {
  EXPECT_EQ(CountText(0, "file"), "0 files");
  EXPECT_EQ(CountText(1, "file"), "1 file");
  EXPECT_EQ(CountText(1000, "process"), "1,000 processes");
}

}  // namespace
}  // namespace profd
