#include "symbolizer/cpython/version_text.h"

#include <string>

#include "gtest/gtest.h"

namespace profd {
namespace {

std::optional<int> Micro(const std::string& rodata) { return MicroVersionIn(rodata, "3.9."); }

TEST(MicroVersionIn, FindsTheStringThatIsOnlyAVersion) {
  using namespace std::string_literals;
  EXPECT_EQ(Micro("x\0003.9.18\0y"s), 18);
  EXPECT_EQ(Micro("3.9.0\0"s), 0);
  EXPECT_EQ(Micro("\0003.9.2+\0"s), 2);
  EXPECT_EQ(Micro("\0003.9.0rc1\0"s), 0);
}

TEST(MicroVersionIn, AcceptsTheEndOfALongerString) {
  using namespace std::string_literals;
  EXPECT_EQ(Micro("\0/opt/3.9.7\0"s), 7);
}

TEST(MicroVersionIn, PrefersAStringOfItsOwn) {
  using namespace std::string_literals;
  EXPECT_EQ(Micro("\0/opt/3.9.7\0\0003.9.8\0"s), 8);
}

TEST(MicroVersionIn, GivesUpWhenStringsDisagree) {
  using namespace std::string_literals;
  EXPECT_EQ(Micro("\0003.9.7\0003.9.8\0"s), std::nullopt);
}

TEST(MicroVersionIn, IgnoresWhatIsNoVersion) {
  using namespace std::string_literals;
  EXPECT_EQ(Micro(""s), std::nullopt);
  EXPECT_EQ(Micro("\0003.9."s), std::nullopt);
  EXPECT_EQ(Micro("\0003.9.18"s), std::nullopt);
  EXPECT_EQ(Micro("\00013.9.18\0"s), std::nullopt);
  EXPECT_EQ(Micro("\0003.9.18 is\0"s), std::nullopt);
}

}  // namespace
}  // namespace profd
