#include "userspace/agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ParseDurationTest, TakesUnitsAndBareSeconds) {
  EXPECT_EQ(*ParseDuration("10s"), absl::Seconds(10));
  EXPECT_EQ(*ParseDuration("1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDuration("7"), absl::Seconds(7));
  EXPECT_EQ(*ParseDuration("1.5d"), absl::Hours(36));
}

TEST(ParseDurationTest, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "10x", "-1s", "nan", "nand", "-infd", "1h 2m", "10s;rm"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(ParseRateTest, TakesHertzAndKilohertz) {
  EXPECT_EQ(*ParseRate("99"), 99);
  EXPECT_EQ(*ParseRate("99Hz"), 99);
  EXPECT_EQ(*ParseRate("1.5khz"), 1500);
  EXPECT_EQ(*ParseRate("20khz"), 20000);
}

TEST(ParseRateTest, RefusesWhatTheKernelCannotDo) {
  for (const char* text : {"", "0", "0.5", "20001", "1mhz", "1e9", "-5", "..", "inf"}) {
    EXPECT_FALSE(ParseRate(text).ok()) << text;
  }
}

TEST(ParseSizeTest, TakesBothKindsOfUnits) {
  EXPECT_EQ(*ParseSize("64MiB"), uint64_t{64} << 20);
  EXPECT_EQ(*ParseSize("500MB"), 500'000'000u);
  EXPECT_EQ(*ParseSize("1.5k"), 1536u);
  EXPECT_EQ(*ParseSize("123"), 123u);
  for (const char* text : {"", "0", "-1", "1XB", "1e30", "999999999TiB", "nan"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(ParsePidsTest, TakesAList) {
  EXPECT_THAT(*ParsePids("12,13"), ElementsAre(12, 13));
  for (const char* text : {"", "0", "-1", "1,,2", "1,x", "99999999999"}) {
    EXPECT_FALSE(ParsePids(text).ok()) << text;
  }
}

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
  EXPECT_EQ(config.period_ns(), 333333333u);
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

TEST_F(ConfigFileTest, TakesScalarsAndLists) {
  ASSERT_TRUE(Load("pid: [4, 5]\nrate: 1khz\nkeep: 2d\n").ok());
  EXPECT_THAT(config_.pids, ElementsAre(4, 5));
  EXPECT_EQ(config_.rate_hz, 1000);
  EXPECT_EQ(config_.keep, absl::Hours(48));
}

TEST_F(ConfigFileTest, ErrorsNameFileAndLine) {
  for (const char* text : {"rate: 5\nrat: 6\n", "rate: 5\nrate: 6\n", "rate: 5\nkeep: long\n",
                           "rate: 5\nkeep: {a: b}\n", "rate: 5\nkeep: [[a]]\n"}) {
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
