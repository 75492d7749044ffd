#include "userspace/profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tests/userspace/profile/stacks.h"

namespace profd {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Names(const Profile& profile, Profile::StackId id) {
  std::vector<std::string> names;
  for (const uint32_t location : profile.stack(id)) {
    names.push_back(profile.functions()[profile.locations()[location].function]->name);
  }
  return names;
}

int64_t TotalCount(const Profile& profile) {
  int64_t total = 0;
  for (const auto& sample : profile.samples()) total += sample.count;
  return total;
}

TEST(ProfileTest, KeepsStacksLeafFirst) {
  Profile profile;
  const auto id = profile.InternStack({PythonFrame("leaf", 3), PythonFrame("root", 1)});
  EXPECT_THAT(Names(profile, id), ElementsAre("leaf", "root"));
}

TEST(ProfileTest, EqualFunctionsOfTwoProcessesAreOne) {
  Profile profile;
  const auto a = profile.InternStack({PythonFrame("f", 3)});
  const auto b = profile.InternStack({PythonFrame("f", 3)});
  EXPECT_EQ(a, b);
  EXPECT_EQ(profile.functions().size(), 1u);
  EXPECT_EQ(profile.locations().size(), 1u);
}

TEST(ProfileTest, FunctionsDifferByEveryField) {
  Profile profile;
  profile.InternStack(
      {MakeFrame(FrameKind::kPython, "f", "a", 1), MakeFrame(FrameKind::kNative, "f", "a", 1),
       MakeFrame(FrameKind::kPython, "g", "a", 1), MakeFrame(FrameKind::kPython, "f", "b", 1),
       MakeFrame(FrameKind::kPython, "f", "a", 2)});
  EXPECT_EQ(profile.functions().size(), 5u);
}

TEST(ProfileTest, LinesOfOneFunctionAreLocations) {
  Profile profile;
  const Frame frame = PythonFrame("f", 3);
  Frame other = frame;
  other.line = 4;
  EXPECT_NE(profile.InternStack({frame}), profile.InternStack({other}));
  EXPECT_EQ(profile.functions().size(), 1u);
  EXPECT_EQ(profile.locations().size(), 2u);
}

// Pitfall 33
TEST(ProfileTest, AReusedAddressOfAFreedFunctionIsNotTheOldFunction) {
  Profile profile;
  for (int i = 0; i < 1000; ++i) {
    // Each function dies here unless the profile holds it, and the allocator reuses its memory.
    const std::string name = absl::StrCat("f", i % 10);
    const auto id = profile.InternStack({PythonFrame(name, 1)});
    ASSERT_THAT(Names(profile, id), ElementsAre(name));
  }
  EXPECT_EQ(profile.functions().size(), 10u);
}

TEST(ProfileTest, AddsUpEqualStacksWithEqualLabels) {
  Profile profile;
  const auto stack = profile.InternStack({PythonFrame("f", 3)});
  profile.Add(stack, Labels{.pid = 1, .comm = "x"}, 1, 10);
  profile.Add(stack, Labels{.pid = 1, .comm = "x"}, 2, 20);
  profile.Add(stack, Labels{.pid = 2, .comm = "x"}, 4, 40);
  ASSERT_EQ(profile.samples().size(), 2u);
  EXPECT_EQ(profile.samples()[0].count, 3);
  EXPECT_EQ(profile.samples()[0].cpu_ns, 30);
  EXPECT_EQ(profile.samples()[1].count, 4);
  EXPECT_EQ(profile.labels(profile.samples()[1].labels).pid, 2);
}

TEST(ProfileTest, SumsStopAtTheLargestNumber) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  Profile profile;
  const auto stack = profile.InternStack({PythonFrame("f", 3)});
  profile.Add(stack, Labels{}, kMax, kMax);
  profile.Add(stack, Labels{}, 1, kMax);
  profile.Add(stack, Labels{}, -5, -5);
  EXPECT_EQ(profile.samples()[0].count, kMax);
  EXPECT_EQ(profile.samples()[0].cpu_ns, kMax);
}

TEST(ProfileTest, AnEmptyStackIsAStack) {
  Profile profile;
  const auto id = profile.InternStack({});
  profile.Add(id, Labels{}, 1, 1);
  EXPECT_TRUE(profile.stack(id).empty());
  EXPECT_EQ(id, profile.InternStack({}));
}

TEST(ProfileTest, StaysWholeWhenMoved) {
  Profile first;
  const auto id = first.InternStack({PythonFrame("leaf", 3), PythonFrame("root", 1)});
  first.Add(id, Labels{.pid = 7}, 1, 1);
  Profile second = std::move(first);
  EXPECT_EQ(second.InternStack({PythonFrame("leaf", 3), PythonFrame("root", 1)}), id);
  second.Add(id, Labels{.pid = 7}, 1, 1);
  ASSERT_EQ(second.samples().size(), 1u);
  EXPECT_EQ(second.samples()[0].count, 2);
  EXPECT_THAT(Names(second, id), ElementsAre("leaf", "root"));
}

// Pitfall 45
struct LimitCase {
  const char* name;
  Profile::Limits limits;
};

class ProfileLimitTest : public ::testing::TestWithParam<LimitCase> {};

TEST_P(ProfileLimitTest, WeightIsKeptAndMemoryIsNot) {
  Profile profile(GetParam().limits);
  for (int i = 0; i < 1000; ++i) {
    const auto stack =
        profile.InternStack({PythonFrame(absl::StrCat("f", i), i), PythonFrame("r", 1)});
    profile.Add(stack, Labels{.pid = 1 + i}, 1, 7);
  }
  EXPECT_EQ(TotalCount(profile), 1000);
  EXPECT_GT(profile.collapsed_samples(), 800);
  EXPECT_LT(profile.samples().size(), 200u);
  EXPECT_LT(profile.stack_count(), 200u);
  bool found = false;
  for (const auto& sample : profile.samples()) {
    found |= Names(profile, sample.stack) == std::vector<std::string>{"[profile full]"};
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(
    All, ProfileLimitTest,
    ::testing::Values(LimitCase{"samples", {.samples = 50, .label_bytes = 1 << 14}},
                      LimitCase{"frames", {.frames = 100, .label_bytes = 1 << 13}},
                      LimitCase{"locations", {.locations = 50, .label_bytes = 1 << 13}},
                      LimitCase{"functions", {.function_bytes = 10'000, .label_bytes = 1 << 13}}),
    [](const auto& param) { return param.param.name; });

// Pitfall 45
class ProfileFairnessTest : public ProfileLimitTest {};

TEST_P(ProfileFairnessTest, OneProcessDoesNotTakeTheRoomOfOthers) {
  constexpr int64_t kGreedy = 1;
  Profile::Limits limits = GetParam().limits;
  limits.fair = true;
  Profile profile(limits);
  const auto take = [&](int64_t pid, int i) {
    const auto stack = profile.InternStack(
        {PythonFrame(absl::StrCat("f", pid, ".", i), i), PythonFrame("r", 1)}, pid);
    profile.Add(stack, Labels{.pid = pid, .tid = i}, 1, 7);
    return stack;
  };
  for (int i = 1; i <= 1000; ++i) take(kGreedy, i);
  const int64_t collapsed = profile.collapsed_samples();
  EXPECT_GT(collapsed, 900);
  for (const int64_t modest : {2, 3}) {
    for (int i = 1; i <= 3; ++i) {
      EXPECT_THAT(Names(profile, take(modest, i)),
                  ElementsAre(absl::StrCat("f", modest, ".", i), "r"));
    }
  }
  EXPECT_EQ(profile.collapsed_samples(), collapsed);
  EXPECT_EQ(TotalCount(profile), 1006);
}

INSTANTIATE_TEST_SUITE_P(All, ProfileFairnessTest,
                         ::testing::Values(LimitCase{"samples", {.samples = 50}},
                                           LimitCase{"frames", {.frames = 100}},
                                           LimitCase{"locations", {.locations = 50}},
                                           LimitCase{"functions", {.function_bytes = 10'000}}),
                         [](const auto& param) { return param.param.name; });

TEST(ProfileTest, ForOneProcessTooItsSizeIsBounded) {
  Profile profile(Profile::Limits{.function_bytes = 1 << 20, .fair = true});
  for (int i = 0; i < 1000; ++i) {
    profile.InternStack({PythonFrame(absl::StrCat(i, std::string(10'000, 'x')), 1)}, 7);
  }
  EXPECT_GT(profile.bytes(), size_t{400} << 10);
  EXPECT_LT(profile.bytes(), size_t{600} << 10);
}

TEST(ProfileTest, TooDeepStacksLoseTheirOutermostFramesAndAreCounted) {
  Profile profile(Profile::Limits{.stack_frames = 2});
  const auto id =
      profile.InternStack({PythonFrame("a", 1), PythonFrame("b", 1), PythonFrame("c", 1)});
  EXPECT_THAT(Names(profile, id), ElementsAre("a", "b"));
  EXPECT_EQ(profile.cut_stacks(), 1);
}

TEST(ProfileTest, CommentsAreBoundedByNumberAndBytes) {
  Profile few(Profile::Limits{.comments = 2});
  EXPECT_TRUE(few.AddComment("a"));
  EXPECT_TRUE(few.AddComment("b"));
  EXPECT_FALSE(few.AddComment("c"));
  EXPECT_EQ(few.comments_dropped(), 1);
  Profile small(Profile::Limits{.comment_bytes = 4});
  EXPECT_FALSE(small.AddComment("abcde"));
  EXPECT_TRUE(small.AddComment("abcd"));
  EXPECT_THAT(small.comments(), ElementsAre("abcd"));
}

}  // namespace
}  // namespace profd
