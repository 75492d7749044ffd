#include "userspace/text/printable.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

TEST(Printable, LeavesNothingThatDrivesATerminalOrTurnsText) {
  EXPECT_EQ(Printable("a\x1b[31m\tb\x7f\n"), "a?[31m?b??");
  EXPECT_EQ(Printable("c1 \xc2\x9b"
                      "31m"),
            "c1 ?31m");
  for (const char* turns :
       {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    EXPECT_EQ(Printable(turns), "?") << turns;
  }
}

TEST(Printable, LeavesOtherTextAsItIs) {
  for (const char* text : {"", "naïve", "\u00a0", "名前", "…", "\u2027", "\u202f", "\u2065",
                           "\u206a", "😀", "\xff\xfe", "\xe2", "\xe2\x80", "\xc2"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

}  // namespace
}  // namespace profd
