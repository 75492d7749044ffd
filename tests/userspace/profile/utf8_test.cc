#include "userspace/profile/utf8.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

// Pitfall 37
TEST(Utf8Test, KeepsEveryPlane) {
  for (const char* text : {"", "abc", "caf\u00e9", "\u65e5\u672c\u8a9e", "\U0001F40D", "\U0010FFFF",
                           "a long text of ascii, then \u00e9"}) {
    EXPECT_TRUE(IsUtf8(text));
    EXPECT_EQ(ToUtf8(text, 100), text);
  }
}

TEST(Utf8Test, EachIllFormedByteIsReplaced) {
  const struct {
    absl::string_view in;
    absl::string_view out;
  } kCases[] = {
      {"a\xff"
       "b",
       "a\uFFFDb"},
      {"\x80", "\uFFFD"},
      {"\xc0\xaf", "\uFFFD\uFFFD"},                      // overlong '/'
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate, as in a Python name
      {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // past U+10FFFF
      {"\xe2\x82", "\uFFFD\uFFFD"},                      // cut off
      {"\xf0\x9f\x90", "\uFFFD\uFFFD\uFFFD"},
      {"\xe0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xf0\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
  };
  for (const auto& c : kCases) {
    EXPECT_FALSE(IsUtf8(c.in));
    EXPECT_EQ(ToUtf8(c.in, 100), c.out);
    EXPECT_TRUE(IsUtf8(ToUtf8(c.in, 100)));
  }
}

TEST(Utf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(ToUtf8("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(ToUtf8("abcdefghi", 8), "abcde…");
  EXPECT_EQ(ToUtf8("\u00e9\u00e9\u00e9\u00e9", 6), "\u00e9…");
  EXPECT_EQ(ToUtf8("abcd", 3), "…");
  const std::string huge(100'000, '\xff');
  for (const size_t max : {3, 4, 5, 6, 7, 100}) {
    EXPECT_LE(ToUtf8(huge, max).size(), max);
    EXPECT_TRUE(IsUtf8(ToUtf8(huge, max)));
  }
}

}  // namespace
}  // namespace profd
