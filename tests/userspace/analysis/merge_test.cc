#include "userspace/analysis/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/comments.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

using ::testing::ElementsAre;

// Each has functions of its own address, as files that were read have.
Profile RandomProfile(unsigned seed) {
  Profile profile;
  std::mt19937 random(seed);
  const std::vector<Stack> stacks = ServiceStacks(200);
  for (int i = 0; i < 100; ++i) {
    const Stack& stack = stacks[random() % stacks.size()];
    const Labels labels{.pid = static_cast<int64_t>(1 + random() % 3), .comm = "python"};
    profile.Add(profile.InternStack(stack), labels, static_cast<int64_t>(1 + random() % 5),
                static_cast<int64_t>(random() % 10000000));
  }
  profile.set_window({absl::FromUnixSeconds(1000 + seed), absl::Seconds(10), 10'000'000});
  profile.AddComment(LostComment("ring_full", seed));
  profile.AddComment(ProcessCpuComment(1 + seed % 2, "python", absl::Microseconds(1'000'001)));
  profile.AddComment("written by another tool");
  return profile;
}

using Content = std::map<std::pair<std::string, int64_t>, std::pair<int64_t, int64_t>>;

void AddContent(const Profile& profile, Content* content) {
  for (const Profile::Sample& sample : profile.samples()) {
    std::string stack;
    for (const uint32_t id : profile.stack(sample.stack)) {
      const Profile::Location& location = profile.locations()[id];
      const Function& f = *profile.functions()[location.function];
      absl::StrAppend(&stack, f.name, " ", f.file, ":", location.line, ";");
    }
    auto& [count, cpu_ns] = (*content)[{stack, profile.labels(sample.labels).pid}];
    count += sample.count;
    cpu_ns += sample.cpu_ns;
  }
}

TEST(Merger, AddsUpExactly) {
  Content expected, merged;
  Merger merger;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Profile profile = RandomProfile(seed);
    AddContent(profile, &expected);
    merger.Add(profile);
  }
  AddContent(std::move(merger).Finish(), &merged);
  EXPECT_GT(merged.size(), 300u);
  EXPECT_EQ(merged, expected);
}

TEST(Merger, MakesTheSameBytesInAnyOrder) {
  std::vector<unsigned> seeds(12);
  for (unsigned i = 0; i < seeds.size(); ++i) seeds[i] = i;
  std::string first;
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    Merger merger;
    for (const unsigned seed : seeds) merger.Add(RandomProfile(seed));
    const auto bytes = EncodePprof(std::move(merger).Finish());
    ASSERT_TRUE(bytes.ok());
    if (round == 0) first = *bytes;
    EXPECT_EQ(*bytes, first);
    std::shuffle(seeds.begin(), seeds.end(), random);
  }
}

TEST(Merger, WindowBeginsWithTheEarliestAndLastsAsLongAsAllTogether) {
  Merger merger;
  for (const unsigned seed : {30, 0, 10}) merger.Add(RandomProfile(seed));
  const Window window = std::move(merger).Finish().window();
  EXPECT_EQ(window.start, absl::FromUnixSeconds(1000));
  EXPECT_EQ(window.duration, absl::Seconds(30));
  EXPECT_EQ(window.period_ns, 10'000'000);
}

TEST(Merger, AddsUpCommentsByNameAndLabels) {
  Merger merger;
  for (unsigned seed = 1; seed <= 3; ++seed) merger.Add(RandomProfile(seed));
  const Profile merged = std::move(merger).Finish();
  EXPECT_THAT(merged.comments(),
              ElementsAre(R"(profd.lost{reason="ring_full"} 6)",
                          R"(profd.process_cpu_seconds{pid="1",comm="python"} 1.000001)",
                          R"(profd.process_cpu_seconds{pid="2",comm="python"} 2.000002)",
                          "written by another tool"));
}

TEST(Merger, HoldsOneObjectForAFunctionOfManyFiles) {
  Merger merger;
  std::vector<std::weak_ptr<const Function>> functions;
  for (int i = 0; i < 50; ++i) {
    Profile profile;
    const Frame frame = PythonFrame("f", 1);
    functions.push_back(frame.function);
    profile.Add(profile.InternStack({frame}), Labels{}, 1, 1);
    merger.Add(profile);
  }
  const auto alive = std::count_if(functions.begin(), functions.end(),
                                   [](const auto& function) { return !function.expired(); });
  EXPECT_EQ(alive, 1);
}

TEST(Merger, KeepsTotalsAndSaysSoPastALimit) {
  Profile::Limits limits;
  limits.samples = 10;
  Merger merger(limits);
  int64_t expected = 0, total = 0;
  for (unsigned seed = 0; seed < 3; ++seed) {
    const Profile profile = RandomProfile(seed);
    for (const auto& sample : profile.samples()) expected += sample.cpu_ns;
    merger.Add(profile);
  }
  EXPECT_GT(merger.collapsed_samples(), 0);
  const int64_t collapsed = merger.collapsed_samples();
  const Profile merged = std::move(merger).Finish();
  for (const auto& sample : merged.samples()) total += sample.cpu_ns;
  EXPECT_EQ(total, expected);
  EXPECT_THAT(merged.comments(),
              testing::Contains(absl::StrCat("profd.collapsed_samples ", collapsed)));
}

TEST(Merger, AnEmptyMergeIsAnEmptyProfile) {
  const Profile merged = Merger().Finish();
  EXPECT_TRUE(merged.samples().empty());
  EXPECT_TRUE(merged.comments().empty());
}

TEST(CommentSum, AddsDecimalsWithoutRounding) {
  CommentSum sum;
  for (int i = 0; i < 10; ++i) sum.Add("profd.process_cpu_seconds{pid=\"1\"} 0.100001");
  sum.Add("profd.process_cpu_seconds{pid=\"1\"} 9007199254740993");  // 2^53 + 1
  EXPECT_THAT(sum.Lines(10),
              ElementsAre("profd.process_cpu_seconds{pid=\"1\"} 9007199254740994.000010"));
}

TEST(CommentSum, KeepsTheLongestAssumedPeriod) {
  CommentSum sum;
  for (const char* period : {"1000000", "10000000", "10000000"}) {
    sum.Add(absl::StrCat("profd.assumed_period_ns ", period));
  }
  EXPECT_THAT(sum.Lines(10), ElementsAre("profd.assumed_period_ns 10000000"));
}

TEST(CommentSum, AddsProcessesUpByNameWhereThereIsNoRoom) {
  CommentSum sum;
  for (int pid = 1; pid <= 8; ++pid) {
    sum.Add(ProcessCpuComment(pid, pid % 2 == 0 ? "even" : "odd", absl::Seconds(pid)));
  }
  sum.Add(LostComment("ring_full", 3));
  EXPECT_EQ(sum.Lines(9).size(), 9u);
  EXPECT_THAT(sum.Lines(8), ElementsAre(R"(profd.lost{reason="ring_full"} 3)",
                                        R"(profd.process_cpu_seconds{comm="even"} 20.000000)",
                                        R"(profd.process_cpu_seconds{comm="odd"} 16.000000)"));
}

}  // namespace
}  // namespace profd
