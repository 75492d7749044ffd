#include "userspace/formats/html.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/userspace/profile/stacks.h"
#include "userspace/formats/html_data.h"
#include "userspace/formats/html_source.h"
#include "userspace/page/page.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kPeriodNs = 10'000'000;

Recording Timed(const std::vector<Stack>& stacks, int times) {
  Recording recording;
  recording.profile.set_window({absl::FromUnixSeconds(1000), absl::Seconds(10), kPeriodNs});
  int64_t at = 1'000'000'000'000;
  for (int i = 0; i < times; ++i) {
    const auto id = recording.profile.InternStack(stacks[size_t{7919} * i % stacks.size()]);
    recording.events.push_back({at, recording.profile.Add(id, Labels(), 1, kPeriodNs), 1});
    at += 10'000'000;
  }
  return recording;
}

// The bytes of a part of the page, its pieces joined.
std::string Part(const std::string& page, absl::string_view name) {
  std::string bytes;
  const std::string begin = absl::StrCat("data-part=\"", name, "\">");
  for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
    at += begin.size();
    std::string piece;
    EXPECT_TRUE(absl::Base64Unescape(page.substr(at, page.find('<', at) - at), &piece));
    bytes += piece;
  }
  return bytes;
}

TEST(EncodeHtml, HoldsTheProfileAsItsPprofFile) {
  const Recording recording = Timed(ServiceStacks(50), 300);
  const auto page = EncodeHtml(recording, nullptr, {});
  ASSERT_TRUE(page.ok()) << page.status();
  const auto profile = DecodePprof(Part(*page, "pprof-a"));
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_THAT(profile->samples(), SizeIs(recording.profile.samples().size()));
  EXPECT_EQ(Part(*page, "a").substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(Part(*page, "b"), "");
}

TEST(Page, HasItsMarkOnce) {
  const std::vector<absl::string_view> parts = absl::StrSplit(PageTemplate(), kPageDataMark);
  EXPECT_THAT(parts, SizeIs(2));
}

TEST(EncodeHtml, LoadsNothingFromAnywhere) {
  const auto page = EncodeHtml(Timed(ServiceStacks(5), 20), nullptr, {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, Not(HasSubstr("http://")));
  EXPECT_THAT(*page, Not(HasSubstr("https://")));
  EXPECT_THAT(*page, Not(HasSubstr(" src=\"")));
  EXPECT_THAT(*page, HasSubstr("default-src 'none'"));
}

TEST(EncodeHtml, NoNameStandsInThePageAsItself) {
  const std::string name = "</script><script>alert(1)</script>";
  Labels labels;
  labels.comm = labels.thread = name;
  Recording recording;
  recording.profile.Add(recording.profile.InternStack({PythonFrame(name, 3)}), labels, 1, 1);
  HtmlOptions options;
  options.title = options.command = options.a_name = name;
  const auto page = EncodeHtml(recording, &recording, options);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, Not(HasSubstr("alert(1)")));
}

TEST(EncodeHtml, AnEmptyRecordingMakesAPage) {
  const auto page = EncodeHtml(Recording(), nullptr, {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr("</html>"));
}

TEST(EncodeHtml, EqualRecordingsMakeEqualPages) {
  const auto stacks = ServiceStacks(40);
  EXPECT_EQ(*EncodeHtml(Timed(stacks, 200), nullptr, {}),
            *EncodeHtml(Timed(stacks, 200), nullptr, {}));
}

TEST(EncodeHtml, IsAtMostTwoAndAHalfBytesASample) {
  // As many distinct stacks as an hour of 16 cores has is too long for a test: a tenth of both.
  const auto page = EncodeHtml(Timed(ServiceStacks(2000), 570'000), nullptr, {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_LE(static_cast<double>(page->size() - PageTemplate().size()) / 570'000, 2.5);
}

TEST(PageData, NamesItsSectionsInOrder) {
  const auto [data, times] = EncodePageData(Timed(ServiceStacks(3), 10), "side");
  const auto header = nlohmann::json::parse(data.substr(0, data.find('\n')));
  size_t bytes = data.find('\n') + 1;
  std::vector<std::string> names;
  for (const auto& section : header["sections"]) {
    names.push_back(section[0]);
    bytes += section[2].get<size_t>();
  }
  EXPECT_EQ(bytes, data.size() + times.size());
  ASSERT_THAT(names, SizeIs(Gt(header["timed_from"].get<size_t>())));
  EXPECT_EQ(names[0], "strings");
  EXPECT_EQ(names[header["timed_from"]], "events.time");
  EXPECT_EQ(header["period_ns"], kPeriodNs);
}

TEST(PageData, LeavesOutEventsOfNoSample) {
  Recording recording = Timed(ServiceStacks(3), 10);
  recording.events.push_back({0, 4'000'000'000, 1});
  const std::string data = EncodePageData(recording, "").stacks;
  const auto header = nlohmann::json::parse(data.substr(0, data.find('\n')));
  EXPECT_EQ(header["sections"][header["timed_from"].get<size_t>()][1], 10);
}

TEST(PageData, PairsTheFunctionsOfADifferenceAsItsTableDoes) {
  const auto side = [](const char* release, const char* library) {
    return Timed({{PythonFrame("own", 12),
                   MakeFrame(FrameKind::kPython, "own", absl::StrCat("/srv/", release, "/x.py"))},
                  {MakeFrame(FrameKind::kNative, "parse.constprop.0", library)},
                  {MakeFrame(FrameKind::kPython, "parse", library)}},
                 9);
  };
  const auto has_keys = [](const PageData& data) {
    return absl::StrContains(data.stacks, "\"functions.key\"");
  };
  PairNumbers pairs;
  EXPECT_TRUE(has_keys(EncodePageData(side("41", "libpython3.12.so.1.0"), "", &pairs)));
  EXPECT_THAT(pairs, SizeIs(4));
  EXPECT_TRUE(has_keys(EncodePageData(side("42", "libpython3.13.so"), "", &pairs)));
  EXPECT_THAT(pairs, SizeIs(5)) << "but for the Python function in a file of another name";
  EXPECT_FALSE(has_keys(EncodePageData(side("41", "x"), "")));
}

class Sources : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(::testing::TempDir(), "/profd_html_", name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  void Add(const std::string& name, const std::string& file, int line) {
    profile_.Add(profile_.InternStack({MakeFrame(FrameKind::kPython, name, file, line, line + 1)}),
                 Labels(), 1, 1);
  }
  Profile profile_;
};

TEST_F(Sources, AreReadWhileTheyFit) {
  const std::string path = Write("fits.py", "def work():\n    pass\n");
  Add("work", path, 1);
  const auto sources = ReadSources(profile_);
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_TRUE(sources[0].fits);
  EXPECT_EQ(sources[0].text, "def work():\n    pass\n");
}

TEST_F(Sources, ThatHaveChangedAreNamedWithoutTheirText) {
  const std::string path = Write("changed.py", "\n\ndef work():\n    pass\n");
  Add("work", path, 1);
  const auto sources = ReadSources(profile_);
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_FALSE(sources[0].fits);
  EXPECT_EQ(sources[0].text, "");
}

TEST_F(Sources, ThatEndBeforeALineThatRanHaveChanged) {
  Add("work", Write("shorter.py", "def work(): pass"), 1);
  const auto sources = ReadSources(profile_);
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_FALSE(sources[0].fits);
}

// A target chooses the names of its code objects; a reader with more rights must not read for it.
TEST_F(Sources, OfAProfileThatAsksForOtherFilesAreNotRead) {
  Add("<module>", Write("secret", "password\n"), 1);
  Add("<module>", Write("secret.py", "password\n"), 1);
  Add("root:x", "/etc/passwd", 1);
  Add("<module>", "/dev/zero", 1);
  Add("work", "relative.py", 1);
  for (const SourceText& source : ReadSources(profile_)) EXPECT_EQ(source.text, "");
}

TEST_F(Sources, StopAtTheLimit) {
  Add("work", Write("large.py", absl::StrCat("def work():\n", std::string(1000, '#'), "\n")), 1);
  Add("work", Write("small.py", "def work():\n    pass\n"), 1);
  const auto sources = ReadSources(profile_, /*max_bytes=*/100);
  ASSERT_THAT(sources, SizeIs(1));
  EXPECT_THAT(sources[0].file, HasSubstr("small.py"));
}

}  // namespace
}  // namespace profd
