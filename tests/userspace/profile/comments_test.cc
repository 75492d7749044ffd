#include "userspace/profile/comments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(CommentsTest, LostSamplesByReason) {
  EXPECT_EQ(LostComment("ring_full", 12), "profd.lost{reason=\"ring_full\"} 12");
}

TEST(CommentsTest, CpuSecondsWithMicroseconds) {
  EXPECT_EQ(ProcessCpuComment(12, "x", absl::Microseconds(1'234'567)),
            "profd.process_cpu_seconds{pid=\"12\",comm=\"x\"} 1.234567");
  EXPECT_EQ(ProcessCpuComment(12, "x", absl::Microseconds(5)),
            "profd.process_cpu_seconds{pid=\"12\",comm=\"x\"} 0.000005");
  EXPECT_EQ(ProcessCpuComment(12, "x", absl::Seconds(-1)),
            "profd.process_cpu_seconds{pid=\"12\",comm=\"x\"} 0.000000");
}

TEST(CommentsTest, AHostileCommStaysInItsQuotes) {
  const std::string comm = "a\"} 99\n\\{,=";
  const std::string line = ProcessCpuComment(1, comm, absl::Seconds(2));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = ParseComment(line);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->labels, ElementsAre(Pair("pid", "1"), Pair("comm", comm)));
  EXPECT_EQ(parsed->value, "2.000000");
}

TEST(CommentsTest, NothingInACommDrivesATerminal) {
  const std::string comm =
      "\x1b[2J\x7f\t\xc2\x9b"
      "1m\xc3\xa9\\x41";
  const std::string line = ProcessCpuComment(1, comm, absl::Seconds(2));
  EXPECT_THAT(line, HasSubstr("comm=\"\\x1b[2J\\x7f\\x09\\xc2\\x9b"
                              "1m\xc3\xa9\\\\x41\""));
  const auto parsed = ParseComment(line);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->labels, ElementsAre(Pair("pid", "1"), Pair("comm", comm)));
}

TEST(CommentsTest, WithoutLabels) {
  EXPECT_EQ(FormatComment({"profd.cut_stacks", {}, "3"}), "profd.cut_stacks 3");
  const auto parsed = ParseComment("profd.cut_stacks 3");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->name, "profd.cut_stacks");
  EXPECT_EQ(parsed->value, "3");
}

TEST(CommentsTest, RefusesOtherLines) {
  for (const char* line :
       {"", "hello", "profd.lost", "profd.lost ", "profd.lost x", "profd.lost{} 1",
        "profd.lost{reason} 1", "profd.lost{reason=\"a} 1", "profd.lost{reason=\"a\" 1",
        "profd.lost{reason=\"a\",} 1", "profd.lost{reason=\"\\", "profd.lost{reason=\"\\x4\"} 1",
        "profd.lost{reason=\"\\x+4\"} 1", "go.lost{reason=\"a\"} 1"}) {
    EXPECT_FALSE(ParseComment(line).ok()) << line;
  }
}

}  // namespace
}  // namespace profd
