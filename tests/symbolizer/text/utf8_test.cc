#include "symbolizer/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace profd {
namespace {

bool IsCharacter(char32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

// Pitfall 37
TEST(Utf8, EveryCharacterIsWrittenAndReadAgain) {
  for (char32_t code = 0; code < 0x110100; ++code) {
    std::string text;
    AppendUtf8(code, &text);
    const Utf8Character read = FirstCharacter(text + "x");
    ASSERT_EQ(read.code, IsCharacter(code) ? code : 0xFFFD) << std::hex << uint32_t{code};
    ASSERT_EQ(read.bytes, text.size());
  }
}

TEST(Utf8, WhatIsIllFormedIsNoCharacter) {
  for (const absl::string_view text :
       {"", "\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3",
        "\xe2\x82", "\xf0\x9f\x90", "\xc3z", "\xe2\x82z", "\xf0\x9f\x90z"}) {
    EXPECT_EQ(FirstCharacter(text).bytes, 0u) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace profd
