#include "userspace/analysis/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/userspace/profile/stacks.h"
#include "userspace/analysis/annotation.h"
#include "userspace/analysis/call_tree.h"

namespace profd {
namespace {

using ::testing::ElementsAre;

Frame At(const char* name, int line) {
  return MakeFrame(FrameKind::kPython, name, "/srv/app/main.py", 10, line);
}

// Self 30 in fib (recursing), 20 in leaf below it, 50 in idle.
Profile Recursive() {
  Profile profile;
  const Labels web{.pid = 1, .tid = 5, .comm = "web", .thread = "t"};
  profile.Add(profile.InternStack({At("fib", 12), At("fib", 12), At("fib", 13), At("main", 20)}),
              web, 3, 30);
  profile.Add(profile.InternStack({At("leaf", 2), At("fib", 12), At("main", 20)}), web, 2, 20);
  profile.Add(profile.InternStack({At("idle", 3), At("main", 21)}),
              Labels{.pid = 2, .comm = "cron"}, 5, 50);
  return profile;
}

std::vector<std::string> Rows(const Table& table) {
  std::vector<std::string> rows;
  for (const TableRow& row : table.rows) {
    rows.push_back(absl::StrCat(row.name, " ", row.self, "/", row.cumulative, " ", row.samples));
  }
  return rows;
}

TEST(Table, CountsASampleOnceHoweverDeepAFunctionRecurs) {
  const Table table = BuildTable(Recursive(), TableKey::kFunction, Measure::kCpu);
  EXPECT_EQ(table.total, 100);
  EXPECT_EQ(table.samples, 10);
  EXPECT_THAT(Rows(table),
              ElementsAre("idle 50/50 5", "fib 30/50 5", "leaf 20/20 2", "main 0/100 10"));
}

TEST(Table, SortsByEitherColumn) {
  const Table table =
      BuildTable(Recursive(), TableKey::kFunction, Measure::kCpu, SortBy::kCumulative);
  EXPECT_THAT(Rows(table),
              ElementsAre("main 0/100 10", "idle 50/50 5", "fib 30/50 5", "leaf 20/20 2"));
}

TEST(Table, RowsByLineFileAndLabel) {
  EXPECT_THAT(Rows(BuildTable(Recursive(), TableKey::kLine, Measure::kSamples)),
              ElementsAre("idle 5/5 5", "fib 3/5 5", "leaf 2/2 2", "main 0/5 5", "main 0/5 5",
                          "fib 0/3 3"));
  EXPECT_THAT(Rows(BuildTable(Recursive(), TableKey::kFile, Measure::kCpu)),
              ElementsAre("/srv/app/main.py 100/100 10"));
  EXPECT_THAT(Rows(BuildTable(Recursive(), TableKey::kPackage, Measure::kCpu)),
              ElementsAre("[own] 100/100 10"));
  EXPECT_THAT(Rows(BuildTable(Recursive(), TableKey::kProcess, Measure::kCpu)),
              ElementsAre("cron 2 50/50 5", "web 1 50/50 5"));
  EXPECT_THAT(Rows(BuildTable(Recursive(), TableKey::kThread, Measure::kCpu)),
              ElementsAre("cron 2  0 50/50 5", "web 1 t 5 50/50 5"));
}

// A thread that waited is no sample of CPU time.
TEST(Table, CountsTheSamplesThatItsMeasureHas) {
  Profile profile;
  profile.Add(profile.InternStack({PythonFrame("busy", 1)}), Labels{}, 10, 100, 100);
  profile.Add(profile.InternStack({PythonFrame("idle", 1)}), Labels{}, 90, 0, 900);
  const Table cpu = BuildTable(profile, TableKey::kFunction, Measure::kCpu, SortBy::kSelf);
  EXPECT_EQ(cpu.samples, 10);
  EXPECT_EQ(cpu.rows[0].samples, 10);
  EXPECT_EQ(BuildTable(profile, TableKey::kFunction, Measure::kWall, SortBy::kSelf).samples, 100);
}

TEST(Table, EveryKeyHasItsName) {
  for (const char* name : {"function", "line", "file", "package", "kind", "process", "thread",
                           "comm", "container", "python"}) {
    const auto key = ParseTableKey(name);
    ASSERT_TRUE(key.ok()) << name;
    EXPECT_EQ(TableKeyName(*key), name);
  }
  EXPECT_FALSE(ParseTableKey("functions").ok());
}

TEST(Table, AnEmptyProfileHasNoRows) {
  const Table table = BuildTable(Profile(), TableKey::kFunction, Measure::kCpu);
  EXPECT_TRUE(table.rows.empty());
  EXPECT_EQ(table.total, 0);
}

std::string TreeText(const Profile& profile, const CallTree& tree, uint32_t at = 0) {
  const CallTree::Node& node = tree.nodes[at];
  std::string text = at == 0 ? "all" : tree.FunctionOf(profile, node).name;
  if (node.repeats > 1) absl::StrAppend(&text, "x", node.repeats);
  absl::StrAppend(&text, " ", node.self, "/", node.cumulative);
  for (uint32_t i = node.children_begin; i < node.children_end; ++i) {
    EXPECT_EQ(tree.nodes[i].parent, at);
    absl::StrAppend(&text, " (", TreeText(profile, tree, i), ")");
  }
  return text;
}

TEST(CallTree, FoldsDirectRecursion) {
  const Profile profile = Recursive();
  EXPECT_EQ(TreeText(profile, BuildCallTree(profile, {})),
            "all 0/100 (main 0/100 (fibx3 30/50 (leaf 20/20)) (idle 50/50))");
  EXPECT_EQ(TreeText(profile, BuildCallTree(profile, {.fold_recursion = false})),
            "all 0/100 (main 0/100 (fib 0/50 (fib 0/30 (fib 30/30)) (leaf 20/20)) (idle 50/50))");
}

TEST(CallTree, CallersAndCalleesHaveTheFunctionsCumulativeWeight) {
  const Profile profile = Recursive();
  TreeOptions options{.kind = TreeKind::kCallees, .chosen = FunctionsNamed(profile, "fib")};
  EXPECT_EQ(TreeText(profile, BuildCallTree(profile, options)),
            "all 0/50 (fibx3 30/50 (leaf 20/20))");
  options.kind = TreeKind::kCallers;
  EXPECT_EQ(TreeText(profile, BuildCallTree(profile, options)), "all 0/50 (fib 0/50 (main 50/50))");
}

TEST(CallTree, NamesAreWholeBeforeTheyAreParts) {
  const Profile profile = Recursive();
  const auto count = [&](const char* name) {
    const std::vector<bool> chosen = FunctionsNamed(profile, name);
    return std::count(chosen.begin(), chosen.end(), true);
  };
  EXPECT_EQ(count("fib"), 1);
  EXPECT_EQ(count("i"), 3);  // fib, main, idle
  EXPECT_EQ(count("nothing"), 0);
}

TEST(CallTree, SumsHoldInALargeTree) {
  Profile profile;
  int64_t total = 0;
  for (const Stack& stack : ServiceStacks(3000)) {
    profile.Add(profile.InternStack(stack), Labels{}, 1, 7);
    total += 7;
  }
  const CallTree tree = BuildCallTree(profile, {.by_line = true});
  EXPECT_GT(tree.nodes.size(), 10'000u);
  EXPECT_EQ(tree.nodes[0].cumulative, total);
  for (const CallTree::Node& node : tree.nodes) {
    int64_t sum = node.self;
    for (uint32_t i = node.children_begin; i < node.children_end; ++i) {
      sum += tree.nodes[i].cumulative;
    }
    EXPECT_EQ(sum, node.cumulative);
  }
}

TEST(Annotation, CountsALineOnceASample) {
  const auto annotation = Annotate(Recursive(), "app/main.py", Measure::kCpu);
  ASSERT_TRUE(annotation.ok());
  EXPECT_EQ(annotation->file, "/srv/app/main.py");
  EXPECT_EQ(annotation->cumulative, 100);
  EXPECT_EQ(annotation->lines.at(12).cumulative, 50);
  EXPECT_EQ(annotation->lines.at(12).self, 30);
  EXPECT_EQ(annotation->lines.at(13).cumulative, 30);
  EXPECT_EQ(annotation->lines.at(13).self, 0);
}

TEST(Annotation, SaysWhichFilesAPartOfAPathCouldMean) {
  Profile profile;
  for (const char* file : {"/a/main.py", "/b/main.py", "/c/domain.py"}) {
    profile.Add(profile.InternStack({MakeFrame(FrameKind::kPython, "f", file, 1, 1)}), Labels{}, 1,
                1);
  }
  const auto both = Annotate(profile, "main.py", Measure::kCpu);
  EXPECT_TRUE(absl::IsInvalidArgument(both.status()));
  EXPECT_EQ(both.status().message(), "\"main.py\" could be /a/main.py, /b/main.py");
  EXPECT_TRUE(Annotate(profile, "/b/main.py", Measure::kCpu).ok());
  EXPECT_TRUE(absl::IsNotFound(Annotate(profile, "x.py", Measure::kCpu).status()));
}

}  // namespace
}  // namespace profd
