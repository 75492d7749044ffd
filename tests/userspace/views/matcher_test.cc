#include "userspace/views/matcher.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

bool Finds(const char* text, const Function& function, int line = 0) {
  auto matcher = Matcher::Create(text);
  return matcher.ok() && matcher->Matches(function, line);
}

const Function kHandler{FrameKind::kPython, "Handler.get", "/srv/app/web/views.py", 40};
const Function kDot{FrameKind::kPython, "dot", "/usr/lib/python3/dist-packages/numpy/core.py", 7};

TEST(Matcher, FindsPartsOfNameAndFile) {
  EXPECT_TRUE(Finds("handler", kHandler));
  EXPECT_TRUE(Finds("web/views", kHandler));
  EXPECT_FALSE(Finds("post", kHandler));
  EXPECT_FALSE(Finds("", kHandler));
}

TEST(Matcher, ACapitalMakesItExact) {
  EXPECT_TRUE(Finds("Handler", kHandler));
  EXPECT_FALSE(Finds("HANDLER", kHandler));
}

TEST(Matcher, FileAndLineIsThatLineOfThatFile) {
  EXPECT_TRUE(Finds("views.py:42", kHandler, 42));
  EXPECT_TRUE(Finds("web/views.py:42", kHandler, 42));
  EXPECT_TRUE(Finds("views.py:40", kHandler, 0));  // where the function begins
  EXPECT_FALSE(Finds("views.py:42", kHandler, 43));
  EXPECT_FALSE(Finds("iews.py:42", kHandler, 42));
}

TEST(Matcher, LibFindsAPackage) {
  EXPECT_TRUE(Finds("lib:numpy", kDot));
  EXPECT_FALSE(Finds("lib:numpy", kHandler));
}

TEST(Matcher, SlashesMakeARegularExpression) {
  EXPECT_TRUE(Finds("/^handler\\.(get|post) /", kHandler));
  EXPECT_FALSE(Finds("/^get/", kHandler));
  auto broken = Matcher::Create("/(/");
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.status().message().find("missing"), std::string::npos) << broken.status();
}

}  // namespace
}  // namespace profd
