#include "userspace/text/quantities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profd {
namespace {

using ::testing::ElementsAre;

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
  EXPECT_EQ(*ParseSize("1T"), uint64_t{1} << 40);
  EXPECT_EQ(*ParseSize("123"), 123u);
  for (const char* text : {"", "0", "-1", "1XB", "1e30", "999999999TiB", "nan"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(ParsePidsTest, TakesAList) {
  EXPECT_THAT(*ParsePids("12,13"), ElementsAre(12, 13));
  EXPECT_THAT(*ParsePids("0x1f"), ElementsAre(31));
  for (const char* text : {"", "0", "-1", "1,,2", "1,x", "99999999999"}) {
    EXPECT_FALSE(ParsePids(text).ok()) << text;
  }
}

}  // namespace
}  // namespace profd
