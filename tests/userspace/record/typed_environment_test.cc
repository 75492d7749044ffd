#include "userspace/record/typed_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profd {
namespace {

using ::testing::Optional;

const std::vector<std::string> kOwn = {"profd", "record", "--", "env", "A=no"};

std::optional<Environment> Given(std::vector<std::string> sudo) {
  sudo.insert(sudo.end(), kOwn.begin(), kOwn.end());
  return GivenToSudo(sudo, kOwn);
}

TEST(TypedEnvironment, SudosOwnCommandLineAdds) {
  EXPECT_THAT(Given({"sudo"}), Optional(Environment{}));
  EXPECT_THAT(Given({"sudo", "-n", "-u", "root"}), Optional(Environment{}));
  EXPECT_THAT(Given({"sudo", "PATH=/a:/b", "X=a=b", "Y="}),
              Optional(Environment{{"PATH", "/a:/b"}, {"X", "a=b"}, {"Y", ""}}));
  EXPECT_THAT(Given({"sudo", "-E", "X=1", "X=2"}), Optional(Environment{{"X", "2"}}));
}

TEST(TypedEnvironment, OtherProgramsBetweenMayHaveChangedIt) {
  EXPECT_EQ(Given({"sudo", "env", "PATH=/a"}), std::nullopt);
  EXPECT_EQ(Given({"sudo", "/usr/bin/env", "-u", "X"}), std::nullopt);
  EXPECT_EQ(GivenToSudo({"sudo", "bash", "-c", "profd record -- env A=no"}, kOwn), std::nullopt);
  EXPECT_EQ(GivenToSudo(kOwn, kOwn), std::nullopt);
  EXPECT_EQ(GivenToSudo({"sudo"}, {}), std::nullopt);
}

}  // namespace
}  // namespace profd
