#include "userspace/agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "userspace/text/quantities.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SetOptionTest, NamesTheNearestOfAnUnknownOne) {
  Config config;
  const absl::Status status = SetOption(&config, "max-sise", "1");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean \"max-size\"?"));
}

TEST(SetOptionTest, KeepsTheOldValueWhenTheNewOneIsBad) {
  Config config;
  EXPECT_FALSE(SetOption(&config, "rate", "fast").ok());
  EXPECT_EQ(config.rate_hz, 99);
}

TEST(ConfigTest, PeriodIsRounded) {
  Config config;
  config.rate_hz = 3;
  EXPECT_EQ(PeriodNs(config.rate_hz), 333333333u);
}

TEST(ValidateTest, WantsOneSelectionThatCanBe) {
  Config config;
  EXPECT_FALSE(Validate(config).ok());
  config.all_python = true;
  EXPECT_TRUE(Validate(config).ok());
  config.comm = "x";
  EXPECT_FALSE(Validate(config).ok());
  ClearSelection(&config);
  config.comm = "(";
  EXPECT_THAT(std::string(Validate(config).message()), HasSubstr("comm: "));
}

class ConfigFileTest : public testing::Test {
 protected:
  absl::Status Load(const std::string& text) {
    std::ofstream(path_) << text;
    return LoadConfigFile(path_, &config_);
  }
  void TearDown() override { std::remove(path_.c_str()); }

  const std::string path_ = testing::TempDir() + "profd-config-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
  Config config_;
};

TEST_F(ConfigFileTest, TakesScalarsAndListsOfPids) {
  ASSERT_TRUE(Load("pid: [4, 5]\nrate: 1khz\nkeep: 2d\n").ok());
  EXPECT_THAT(config_.pids, ElementsAre(4, 5));
  EXPECT_EQ(config_.rate_hz, 1000);
  EXPECT_EQ(config_.keep, absl::Hours(48));
}

TEST_F(ConfigFileTest, ErrorsNameFileAndLine) {
  for (const char* text : {"rate: 5\nrat: 6\n", "rate: 5\nrate: 6\n", "rate: 5\nkeep: long\n",
                           "rate: 5\nkeep: {a: b}\n", "rate: 5\nkeep: [[a]]\n",
                           "rate: 5\ncomm: [gunicorn, celery]\n", "rate: 5\noutput: [a, b]\n"}) {
    const absl::Status status = Load(text);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + ":2: ")) << text;
  }
}

TEST_F(ConfigFileTest, SyntaxErrorsAreStatuses) {
  for (const char* text : {"a: [", "\"", "a: b: c", "- a", "{", "*a", "\t- x\n\t\ty: z"}) {
    EXPECT_FALSE(Load(text).ok()) << text;
  }
}

TEST_F(ConfigFileTest, EmptyIsNoError) { EXPECT_TRUE(Load("# nothing\n").ok()); }

TEST_F(ConfigFileTest, UnreadableOnesAreErrors) {
  EXPECT_FALSE(LoadConfigFile(path_ + ".missing", &config_).ok());
  EXPECT_FALSE(LoadConfigFile("/", &config_).ok());
  EXPECT_FALSE(LoadConfigFile("/dev/zero", &config_).ok());
}

}  // namespace
}  // namespace profd
