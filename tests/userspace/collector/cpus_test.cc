#include "userspace/collector/cpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CpusTest, ParsesRangesAndSingles) {
  EXPECT_THAT(ParseCpuList("0-3,8\n"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(ParseCpuList("5"), ElementsAre(5));
}

TEST(CpusTest, LeavesOutWhatIsNoCpu) {
  EXPECT_THAT(ParseCpuList(""), IsEmpty());
  EXPECT_THAT(ParseCpuList("x,3-1,2"), ElementsAre(2));
  EXPECT_LE(ParseCpuList("0-4294967295,0-2147483647").size(), 8192u);
}

TEST(CpusTest, SomethingIsOnline) { EXPECT_FALSE(OnlineCpus().empty()); }

}  // namespace
}  // namespace profd
