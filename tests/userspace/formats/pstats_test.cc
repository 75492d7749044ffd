// Our pstats files as every Python at hand loads them.
#include "userspace/formats/pstats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "tests/userspace/formats/recordings.h"

namespace profd {
namespace {

using nlohmann::json;

// Loads hex from its input with its own pstats, and prints what that shows as JSON.
constexpr char kLoad[] = R"(
import io, json, os, pstats, sys, tempfile
descriptor, path = tempfile.mkstemp()
with os.fdopen(descriptor, "wb") as file:
    file.write(bytes.fromhex(sys.stdin.readline().strip()))
text = io.StringIO()
try:
    stats = pstats.Stats(path, stream=text)
finally:
    os.unlink(path)
stats.sort_stats("cumulative").print_stats()
stats.print_callers()
stats.print_callees()
rows = [{"file": file, "line": line, "name": name, "cc": cc, "nc": nc, "tt": tt, "ct": ct,
         "callers": [[list(caller), list(values)] for caller, values in callers.items()]}
        for (file, line, name), (cc, nc, tt, ct, callers) in stats.stats.items()]
print(json.dumps({"total": stats.total_tt, "rows": rows, "printed": len(text.getvalue())}))
)";

class PstatsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::Interpreters().empty()) GTEST_SKIP() << "no Python to load with";
  }

  // Null when it could not be loaded.
  static json Load(const testing::Interpreter& python, const Profile& profile) {
    testing::PythonProgram program(python, kLoad);
    program.WriteLine(absl::BytesToHexString(EncodePstats(profile)));
    return json::parse(program.ReadAll(), nullptr, /*allow_exceptions=*/false);
  }
};

const json& Row(const json& stats, const std::string& name) {
  for (const json& row : stats["rows"]) {
    if (row["name"] == name) return row;
  }
  static const json* const none = new json;
  return *none;
}

TEST_F(PstatsTest, SelfAndCumulativeTimeWithRecursionOnce) {
  for (const testing::Interpreter& python : testing::Interpreters()) {
    SCOPED_TRACE(python.ToString());
    const json stats = Load(python, SmallRecording().profile);
    ASSERT_TRUE(stats.is_object());
    EXPECT_NEAR(stats["total"], 0.05, 1e-9);
    const json& fib = Row(stats, "fib");
    EXPECT_EQ(fib["file"], "/app/x.py");
    EXPECT_EQ(fib["line"], 10);
    EXPECT_EQ(fib["nc"], 3);
    EXPECT_NEAR(fib["tt"], 0.03, 1e-9);
    EXPECT_NEAR(fib["ct"], 0.04, 1e-9);
    // Called by <module>, and by itself.
    ASSERT_EQ(fib["callers"].size(), 2u);
    EXPECT_NEAR(Row(stats, "<module>")["ct"], 0.05, 1e-9);
    EXPECT_EQ(Row(stats, "ksys_read")["file"], "[kernel]");
    EXPECT_GT(stats["printed"], 100);
  }
}

TEST_F(PstatsTest, AnyNameLoads) {
  for (const testing::Interpreter& python : testing::Interpreters()) {
    SCOPED_TRACE(python.ToString());
    EXPECT_GT(Load(python, HostileRecording().profile)["rows"].size(), 20u);
  }
}

TEST_F(PstatsTest, LargeNumbersAreNotCut) {
  Profile profile;
  const int64_t count = (int64_t{1} << 40) + 5;
  profile.Add(profile.InternStack({PythonFrame("f", 1)}), Labels(), count, count * 1000);
  for (const testing::Interpreter& python : testing::Interpreters()) {
    EXPECT_EQ(Row(Load(python, profile), "f")["nc"], count) << python.ToString();
  }
}

}  // namespace
}  // namespace profd
