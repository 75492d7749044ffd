#include "userspace/collector/selection.h"

#include <gtest/gtest.h>

#include <string>

namespace profd {
namespace {

TEST(SelectionTest, AllMatchesAny) {
  EXPECT_TRUE(Selection::All().is_all());
  EXPECT_TRUE(Selection::All().Matches(1, ""));
}

TEST(SelectionTest, PidsMatchTheirProcesses) {
  const Selection selection = Selection::Pids({4, 5});
  EXPECT_TRUE(selection.Matches(5, "x"));
  EXPECT_FALSE(selection.Matches(6, "x"));
}

TEST(SelectionTest, OnlyTreesHaveDescendants) {
  EXPECT_FALSE(Selection::Pids({4}).has_descendants());
  EXPECT_TRUE(Selection::Trees({4}).has_descendants());
  EXPECT_FALSE(Selection::Trees({4}).is_all());
  EXPECT_TRUE(Selection::Trees({4}).Matches(4, "x"));
}

TEST(SelectionTest, PatternIsFoundAnywhereInTheName) {
  const auto selection = Selection::CommPattern("^web|work");
  ASSERT_TRUE(selection.ok());
  EXPECT_TRUE(selection->Matches(1, "webserver"));
  EXPECT_TRUE(selection->Matches(1, "my-worker"));
  EXPECT_FALSE(selection->Matches(1, "my-web"));
}

TEST(SelectionTest, AnyBytesMayBeAName) {
  const auto selection = Selection::CommPattern("(a*)*b");
  ASSERT_TRUE(selection.ok());
  EXPECT_FALSE(selection->Matches(1, "aaaaaaaaaaaaaaa"));
  EXPECT_FALSE(selection->Matches(1, absl::string_view("\xff\0\x80\n", 4)));
}

TEST(SelectionTest, BadPatternSaysWhatIsWrong) {
  const auto selection = Selection::CommPattern("(");
  EXPECT_TRUE(absl::IsInvalidArgument(selection.status()));
  EXPECT_NE(std::string(selection.status().message()).find("\"(\""), std::string::npos);
}

}  // namespace
}  // namespace profd
