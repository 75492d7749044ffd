// speedscope, Firefox Profiler and our own JSON, as a parser of JSON sees them. What their own
// readers say: tests/formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/firefox.h"
#include "userspace/formats/json.h"
#include "userspace/formats/json_text.h"
#include "userspace/formats/speedscope.h"

namespace profd {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;

TEST(JsonTextTest, AnyBytesAreOneString) {
  for (const std::string& name : HostileNames()) {
    const std::string text = JsonString(name);
    EXPECT_TRUE(json::parse(text).is_string()) << text;
    EXPECT_EQ(text.find('<'), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xa8"), std::string::npos);
  }
  EXPECT_EQ(json::parse(JsonString("a\"\\\n\x7f</é\xe2\x80\xa8")), "a\"\\\n\x7f</é\xe2\x80\xa8");
}

TEST(JsonTextTest, DecimalsAreExact) {
  EXPECT_EQ(DecimalMilliseconds(1'795'257'000'004'194'304), "1795257000004.194304");
  EXPECT_EQ(DecimalSeconds(10'000'000), "0.01");
  EXPECT_EQ(DecimalSeconds(-1), "-0.000000001");
  EXPECT_EQ(DecimalSeconds(3'000'000'000), "3");
  EXPECT_EQ(DecimalSeconds(std::numeric_limits<int64_t>::min()), "-9223372036.854775808");
}

TEST(SpeedscopeTest, AProfileForEachThreadInTheOrderOfTime) {
  const json file = json::parse(*EncodeSpeedscope(SmallRecording(), {.title = "x.otlp"}));
  EXPECT_EQ(file["name"], "x.otlp");
  ASSERT_EQ(file["profiles"].size(), 3u);
  const json& main = file["profiles"][0];
  EXPECT_EQ(main["name"], "gunicorn 4242 · MainThread 4242");
  EXPECT_EQ(main["unit"], "seconds");
  // Two events of one stack, one after the other: one sample of three periods.
  ASSERT_EQ(main["samples"].size(), 1u);
  EXPECT_DOUBLE_EQ(main["weights"][0], 0.03);
  EXPECT_DOUBLE_EQ(main["endValue"], 0.03);
  const json& worker = file["profiles"][1];
  std::vector<std::string> names;
  for (const json& frame : worker["samples"][0]) {
    names.push_back(file["shared"]["frames"][frame.get<size_t>()]["name"]);
  }
  EXPECT_THAT(names, ElementsAre("<module>", "fib", "inflate", "ksys_read"));
  EXPECT_EQ(file["profiles"][2]["name"], "celery 77 · MainThread 77");
}

TEST(SpeedscopeTest, WithoutTimesOneProfileOfEverything) {
  Recording recording = SmallRecording();
  recording.events.clear();
  const json file = json::parse(*EncodeSpeedscope(recording));
  ASSERT_EQ(file["profiles"].size(), 1u);
  EXPECT_DOUBLE_EQ(file["profiles"][0]["endValue"], 0.05);
}

TEST(FirefoxTest, ATrackForEachThreadWithRealTimes) {
  const json file = json::parse(*EncodeFirefox(SmallRecording()));
  ASSERT_EQ(file["threads"].size(), 3u);
  const json& main = file["threads"][0];
  EXPECT_EQ(main["isMainThread"], true);
  EXPECT_EQ(main["processName"], "gunicorn 4242");
  EXPECT_THAT(main["samples"]["time"], ElementsAre(1.0, 11.0));
  EXPECT_THAT(main["samples"]["weight"], ElementsAre(1, 2));
  EXPECT_DOUBLE_EQ(file["meta"]["startTime"], 1'795'257'000'000.0);
  const json& worker = file["threads"][1];
  EXPECT_EQ(worker["name"], "worker 4243");
  // The stack of the worker's sample, by prefix from the leaf on.
  const json& shared = file["shared"];
  std::vector<std::string> frames;
  for (json at = worker["samples"]["stack"][0]; !at.is_null();
       at = shared["stackTable"]["prefix"][at.get<size_t>()]) {
    const size_t frame = shared["stackTable"]["frame"][at.get<size_t>()];
    const size_t func = shared["frameTable"]["func"][frame];
    const size_t category = shared["frameTable"]["category"][frame];
    frames.push_back(absl::StrCat(
        shared["stringArray"][shared["funcTable"]["name"][func].get<size_t>()].get<std::string>(),
        " ", file["meta"]["categories"][category]["name"].get<std::string>()));
  }
  EXPECT_THAT(frames,
              ElementsAre("ksys_read Kernel", "inflate Native", "fib Python", "<module> Python"));
}

TEST(FirefoxTest, ParentsComeBeforeChildrenAndAllIndicesAreInTheirTables) {
  const json file = json::parse(*EncodeFirefox(ServiceRecording(2000, 100)));
  const json& shared = file["shared"];
  const auto in = [](const json& column, size_t length) {
    for (const json& value : column) {
      if (value.is_null() || value == -1) continue;
      EXPECT_LT(value.get<size_t>(), length);
    }
  };
  const auto length = [&](const char* table) { return shared[table]["length"].get<size_t>(); };
  for (const auto& [name, table] : shared.items()) {
    if (!table.contains("length")) continue;
    for (const auto& [column, values] : table.items()) {
      if (column == "length") continue;
      EXPECT_EQ(values.size(), table["length"]) << name << column;
    }
  }
  in(shared["stackTable"]["frame"], length("frameTable"));
  in(shared["frameTable"]["func"], length("funcTable"));
  in(shared["funcTable"]["name"], shared["stringArray"].size());
  in(shared["funcTable"]["source"], length("sources"));
  for (size_t i = 0; i < length("stackTable"); ++i) {
    const json& prefix = shared["stackTable"]["prefix"][i];
    if (prefix.is_null()) continue;
    EXPECT_LT(prefix.get<size_t>(), i);
  }
  for (const json& thread : file["threads"]) {
    in(thread["samples"]["stack"], length("stackTable"));
    EXPECT_TRUE(std::is_sorted(thread["samples"]["time"].begin(), thread["samples"]["time"].end()));
  }
}

TEST(FirefoxTest, WithoutTimesItSaysWhatIsMissing) {
  Recording recording = SmallRecording();
  recording.events.clear();
  EXPECT_EQ(EncodeFirefox(recording).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(JsonFormatsTest, HostileNamesAreOnlyNames) {
  const Recording recording = HostileRecording();
  for (const std::string& text :
       {*EncodeSpeedscope(recording), *EncodeFirefox(recording), EncodeJson(recording)}) {
    EXPECT_TRUE(json::accept(text)) << text.substr(0, 300);
    EXPECT_EQ(text.find("</script"), std::string::npos);
  }
}

TEST(JsonTest, HoldsTheWholeRecording) {
  const Recording recording = SmallRecording();
  const json file = json::parse(EncodeJson(recording));
  EXPECT_EQ(file["period_ns"], kPeriodNs);
  ASSERT_EQ(file["samples"].size(), recording.profile.samples().size());
  ASSERT_EQ(file["events"].size(), 4u);
  EXPECT_THAT(file["events"][2], ElementsAre(11'000'000, 0, 2));
  const json& sample = file["samples"][1];
  EXPECT_EQ(sample["thread"], "worker");
  const size_t frame = sample["stack"][0];
  const json& function = file["functions"][file["frames"][frame][0].get<size_t>()];
  EXPECT_EQ(function["name"], "ksys_read");
  EXPECT_EQ(function["kind"], "kernel");
  EXPECT_THAT(file["comments"], Contains("profd.lost{reason=\"ring_full\"} 12"));
}

}  // namespace
}  // namespace profd
