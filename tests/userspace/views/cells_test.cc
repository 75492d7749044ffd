#include "userspace/views/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <locale.h>

#include <string>
#include <vector>

namespace profd {
namespace {

class Cells : public testing::Test {
 protected:
  void SetUp() override {
    if (setlocale(LC_CTYPE, "C.UTF-8") == nullptr) GTEST_SKIP() << "no locale C.UTF-8 here";
  }
  void TearDown() override { setlocale(LC_CTYPE, "C.UTF-8"); }
};

TEST_F(Cells, ControlsCannotDriveTheTerminal) {
  EXPECT_EQ(ToCells("a\x1b[2Jb\r\n\t\x7f"), "a?[2Jb????");
  EXPECT_EQ(ToCells("\u009b2J"), "?2J");  // CSI as one C1 character
  EXPECT_EQ(ToCells(absl::string_view("a\0b", 3)), "a?b");
}

TEST_F(Cells, BytesThatAreNotUtf8TakeOneColumnEach) {
  EXPECT_EQ(CellWidth(ToCells("a\xff\xfe")), 3);
  EXPECT_EQ(CellWidth(ToCells("\xe6\xb7")), CellWidth(ToCells("??")));
}

TEST_F(Cells, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(CellWidth(ToCells("深い")), 4);
  EXPECT_EQ(FitLeft("深い関数", 8), "深い関数");
  EXPECT_EQ(FitLeft("深い関数", 7), "深い関…");
  // Half a character cannot be shown: a space stands in its place.
  EXPECT_EQ(FitLeft("深い関数", 6), "深い… ");
  EXPECT_EQ(FitTail("深い関数", 6), "…関数 ");
}

TEST_F(Cells, CombiningMarksTakeNoColumnAndDoNotPile) {
  const std::string marked = "e\u0301";
  EXPECT_EQ(ToCells(marked), marked);
  EXPECT_EQ(CellWidth(marked), 1);
  std::string pile = "e";
  for (int i = 0; i < 50; ++i) pile += "\u0301";
  EXPECT_EQ(ToCells(pile), "e\u0301\u0301\u0301");
  EXPECT_EQ(ToCells("\u0301a"), "a");  // it would stand on the column before
}

TEST_F(Cells, DirectionMarksAreShownNotObeyed) {
  for (const char* mark : {"\u202e", "\u202d", "\u2066", "\u2067", "\u200f", "\u061c", "\u2029"}) {
    EXPECT_EQ(ToCells(std::string("a") + mark + "b"), "a?b");
  }
}

TEST_F(Cells, TextFromRightToLeftIsClosedOff) {
  const std::string fitted = FitLeft("שלום", 6);
  EXPECT_EQ(CellWidth(fitted), 6);
  EXPECT_EQ(fitted, "שלום\u200e  ");
  EXPECT_EQ(FitLeft("plain", 6), "plain ");
}

TEST_F(Cells, WhatTerminalsJoinIsLeftOut) {
  EXPECT_EQ(ToCells("👩\u200d💻"), "👩💻");
  EXPECT_EQ(ToCells("a\ufe0f"), "a");
  EXPECT_EQ(ToCells("👍🏽"), "👍");
}

TEST_F(Cells, FittedTextIsExactlyAsWideAsAskedFor) {
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "plain_name",
                                          "深い関数_with_tail",
                                          "שלום",
                                          "e\u0301e\u0301e\u0301e\u0301",
                                          "\xff\x1b[0m",
                                          "👩\u200d💻"};
  for (const std::string& text : texts) {
    for (int width = -1; width < 14; ++width) {
      const int expected = width < 0 ? 0 : width;
      EXPECT_EQ(CellWidth(FitLeft(text, width)), expected) << text << " " << width;
      EXPECT_EQ(CellWidth(FitRight(text, width)), expected) << text << " " << width;
      EXPECT_EQ(CellWidth(FitTail(text, width)), expected) << text << " " << width;
    }
  }
}

TEST_F(Cells, WithoutUtf8EverythingIsAscii) {
  setlocale(LC_CTYPE, "C");
  EXPECT_EQ(ToCells("深a"), "?a");
  EXPECT_EQ(FitLeft("abcdef", 4), "abc~");
}

TEST_F(Cells, NamesOfAMegabyteAreCut) {
  EXPECT_LE(ToCells(std::string(1 << 20, 'a')).size(), 4096u);
}

}  // namespace
}  // namespace profd
