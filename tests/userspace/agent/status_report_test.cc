#include "userspace/agent/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace profd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kTaken = absl::FromUnixSeconds(1'800'000'000);

StatusInputs Inputs() {
  static const Config config;
  StatusInputs inputs;
  inputs.config = &config;
  inputs.as_of = kTaken;
  inputs.uptime = absl::Seconds(61);
  inputs.totals.kernel.values[EVENT_FIRED] = 12;
  inputs.totals.kernel.values[OUTCOME_LOST_RING_FULL] = 3;
  inputs.totals.memory.processes_blocked = 2;
  return inputs;
}

TEST(StatusReportTest, TextShowsWhatWasLost) {
  const auto text = StatusText(StatusJson(Inputs()), kTaken);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("up 1m1s"));
  EXPECT_THAT(*text, HasSubstr("ring_full  3"));
  EXPECT_THAT(*text, HasSubstr("processes_blocked  2"));
  EXPECT_THAT(*text, Not(HasSubstr("malformed")));
}

TEST(StatusReportTest, AnOldStatusSaysHowOldItIs) {
  const std::string json = StatusJson(Inputs());
  EXPECT_THAT(json, HasSubstr("\"as_of\": \"2027-01-15T08:00:00"));
  EXPECT_THAT(*StatusText(json, kTaken + absl::Seconds(1)), Not(HasSubstr("stale")));
  EXPECT_THAT(*StatusText(json, kTaken + absl::Milliseconds(75'300)), HasSubstr("of 1m15s ago"));
}

TEST(StatusReportTest, NamesOfStrangersDriveNoTerminal) {
  StatusInputs inputs = Inputs();
  inputs.unsupported = {{"/evil\x1b[2J\n\xff\xc2\x9b", "3.17"}};
  const std::string json = StatusJson(inputs);
  const std::string text = *StatusText(json, kTaken);
  for (const std::string& shown : {json, text}) {
    EXPECT_TRUE(std::none_of(shown.begin(), shown.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 && c != '\n';
    })) << shown;
    EXPECT_THAT(shown, Not(HasSubstr("\xc2\x9b")));
  }
}

TEST(StatusReportTest, ForgedAnswersAreErrors) {
  for (const char* json : {"", "{", "[]", "{\"version\": 1}", "\"profd\"", "nul"}) {
    EXPECT_FALSE(StatusText(json, kTaken).ok()) << json;
  }
}

}  // namespace
}  // namespace profd
