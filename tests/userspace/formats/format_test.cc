#include "userspace/formats/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/read.h"
#include "userspace/profile/gzip.h"

namespace profd {
namespace {

using ::testing::HasSubstr;

TEST(FormatTest, EachNameAndExtensionLeadsBackToItsFormat) {
  for (const FormatInfo& info : Formats()) {
    EXPECT_EQ(*FormatByName(info.name), info.format) << info.name;
    EXPECT_EQ(*FormatByPath(absl::StrCat("/tmp/out", info.extension)), info.format) << info.name;
    EXPECT_EQ(InfoOf(info.format).name, info.name);
  }
}

TEST(FormatTest, KnowsTheExtensionsOfOthers) {
  EXPECT_EQ(*FormatByPath("cpu.pprof"), Format::kPprof);
  EXPECT_EQ(*FormatByPath("a.b/stacks.folded"), Format::kCollapsed);
  EXPECT_EQ(*FormatByPath("stacks.txt.gz"), Format::kCollapsed);
}

TEST(FormatTest, KnowsTheNamesOfPySpy) {
  EXPECT_EQ(*FormatByName("raw"), Format::kCollapsed);
  EXPECT_EQ(*FormatByName("flamegraph"), Format::kSvg);
  EXPECT_THAT(FormatByName("chrometrace").status().message(), HasSubstr("firefox"));
}

TEST(FormatTest, AnUnknownNameIsToldTheNearestOne) {
  EXPECT_THAT(FormatByName("colapsed").status().message(), HasSubstr("did you mean collapsed?"));
  EXPECT_THAT(FormatByName("x").status().message(), HasSubstr("collapsed"));
  EXPECT_THAT(FormatByPath("out.doc").status().message(), HasSubstr("--format"));
}

TEST(FormatTest, EachFormatTakesAnyRecording) {
  for (const FormatInfo& info : Formats()) {
    for (const Recording& recording : {Recording(), SmallRecording(), HostileRecording()}) {
      EXPECT_TRUE(Encode(recording, info.format).ok()) << info.name;
    }
  }
}

TEST(FormatTest, EqualRecordingsMakeEqualFiles) {
  for (const FormatInfo& info : Formats()) {
    EXPECT_EQ(*Encode(SmallRecording(), info.format), *Encode(SmallRecording(), info.format))
        << info.name;
  }
}

TEST(FormatTest, GzipWrapsOnceAndOnlyOnce) {
  for (const FormatInfo& info : Formats()) {
    const auto file = Encode(SmallRecording(), info.format, {.gzip = true});
    ASSERT_TRUE(file.ok() && LooksLikeGzip(*file)) << info.name;
    const auto plain = GzipDecompress(*file, 1 << 24);
    ASSERT_TRUE(plain.ok()) << info.name;
    EXPECT_FALSE(LooksLikeGzip(plain->view())) << info.name;
  }
}

}  // namespace
}  // namespace profd
