#include "userspace/formats/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/svg_assets.h"

namespace profd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SvgTest, AFrameForEachFunctionWithItsShare) {
  const std::string svg = EncodeSvg(SmallRecording().profile, {.title = "x & y"});
  EXPECT_THAT(svg, HasSubstr("x &amp; y · 0.050 s"));
  EXPECT_THAT(svg, HasSubstr("data-w=\"1.000000000\" data-d=\"0\" data-n=\"&lt;module&gt;\""));
  // fib calls itself: one frame, and everything below <module> but that process's own fifth.
  EXPECT_THAT(svg, HasSubstr("data-w=\"0.800000000\" data-d=\"1\" data-n=\"fib\""));
  EXPECT_THAT(svg, HasSubstr("fib\n/app/x.py:10\n80.00% · 0.040 s · self 0.030 s"));
  EXPECT_THAT(svg, HasSubstr("data-n=\"ksys_read\""));
}

TEST(SvgTest, LinesAndRootsOnRequest) {
  const std::string svg =
      EncodeSvg(SmallRecording().profile,
                {.process_roots = true, .thread_roots = true, .lines = FrameLines::kExecuted});
  EXPECT_THAT(svg, HasSubstr("data-n=\"process 4242:&quot;gunicorn&quot;\""));
  EXPECT_THAT(svg, HasSubstr("data-n=\"thread 4243:&quot;worker&quot;\""));
  EXPECT_THAT(svg, HasSubstr("fib\n/app/x.py:12\n"));
}

TEST(SvgTest, NoNameBecomesMarkup) {
  const std::string svg = EncodeSvg(HostileRecording().profile, {.thread_roots = true});
  EXPECT_THAT(svg, Not(HasSubstr("</script><script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)"));
  // The script's own CDATA section is the only one.
  EXPECT_EQ(svg.find("]]>"), svg.rfind("]]>"));
  for (const char c : svg) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(SvgTest, OfADifferenceNoNameBecomesMarkupAndAnEmptySideIsNoChange) {
  const Profile hostile = HostileRecording().profile;
  const std::string svg = EncodeDiffSvg(hostile, hostile, {.thread_roots = true});
  EXPECT_THAT(svg, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(svg, Not(HasSubstr("data-m=\"")));
  EXPECT_THAT(EncodeDiffSvg(Profile(), hostile), Not(HasSubstr("data-m=\"")));
  EXPECT_THAT(EncodeDiffSvg(hostile, Profile()), HasSubstr("with 100.00% of A"));
}

TEST(SvgTest, WhatIsTooNarrowIsCounted) {
  Profile profile;
  profile.Add(profile.InternStack({PythonFrame("big", 1)}), Labels(), 1, 1'000'000'000);
  profile.Add(profile.InternStack({PythonFrame("tiny", 1)}), Labels(), 1, 1);
  const std::string svg = EncodeSvg(profile);
  EXPECT_THAT(svg, Not(HasSubstr("tiny")));
  EXPECT_THAT(svg, HasSubstr("1 frames too narrow to see are not drawn"));
}

// WCAG 2's contrast.
double Luminance(const std::string& color) {
  double channels[3];
  for (int i = 0; i < 3; ++i) {
    const double c = std::stoi(color.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    channels[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

TEST(SvgTest, TextAndEdgesStandOut) {
  for (const auto& shades : kSvgFills) {
    for (const char* fill : shades) {
      EXPECT_GE(1.05 / (Luminance(fill) + 0.05), 4.5) << fill;
    }
  }
  for (const auto* shades : {&kSvgMore, &kSvgLess}) {
    for (const char* fill : *shades) EXPECT_GE(1.05 / (Luminance(fill) + 0.05), 4.5) << fill;
  }
  EXPECT_GE(1.05 / (Luminance(kSvgSame) + 0.05), 4.5);
  EXPECT_GE((Luminance("#ffd633") + 0.05) / (Luminance("#14120a") + 0.05), 4.5);
}

}  // namespace
}  // namespace profd
