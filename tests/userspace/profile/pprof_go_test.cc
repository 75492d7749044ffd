// Our files as `go tool pprof` reads them: the reader that every other one is measured by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "tests/userspace/profile/stacks.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class PprofGoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Newer Go builds the tool when it is first asked for: that needs a compiler and a cache.
    if (std::string out;
        Run("go tool pprof -help 2>&1", &out) != 0 && !absl::StrContains(out, "usage:")) {
      GTEST_SKIP() << "go tool pprof does not run here: " << out.substr(0, 200);
    }
    char path[] = "/tmp/profd_pprof_XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    directory_ = path;
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  static int Run(const std::string& command, std::string* out) {
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return -1;
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), pipe)) > 0;) out->append(chunk, n);
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string Pprof(const Profile& profile, const std::string& options) {
    const std::string file = directory_ + "/x-cpu.pb.gz";
    std::ofstream(file, std::ios::binary) << *EncodePprof(profile);
    std::string out;
    EXPECT_EQ(Run("go tool pprof " + options + " " + file + " 2>&1", &out), 0) << out;
    return out;
  }

  std::string directory_;
};

Profile Sample() {
  Profile profile;
  profile.set_window({absl::FromUnixSeconds(1'795'257'000), absl::Seconds(60), 10'000'000});
  const Frame module = MakeFrame(FrameKind::kPython, "<module>", "/app/x.py", 1, 40);
  const Frame decode =
      MakeFrame(FrameKind::kPython, "Reader.decode.<locals>.inner", "/app/x.py", 10, 12);
  const Frame inflate = MakeFrame(FrameKind::kNative, "inflate", "/usr/lib/libz.so.1");
  const Frame read = MakeFrame(FrameKind::kKernel, "do_sys_read", "");
  profile.Add(profile.InternStack({read, inflate, decode, module}), Labels{4242, 4243, "gunicorn"},
              3, 30'000'000);
  profile.Add(profile.InternStack({decode, module}), Labels{4242, 4242, "gunicorn"}, 5, 50'000'000);
  profile.Add(profile.InternStack({module}), Labels{77, 77, "celery"}, 2, 20'000'000);
  profile.AddComment("profd.lost{reason=\"ring_full\"} 12");
  return profile;
}

TEST_F(PprofGoTest, RawShowsWhatWasWritten) {
  const std::string out = Pprof(Sample(), "-raw");
  EXPECT_THAT(out, HasSubstr("PeriodType: cpu nanoseconds"));
  EXPECT_THAT(out, HasSubstr("Period: 10000000"));
  EXPECT_THAT(out, HasSubstr("Duration: 1m0"));
  EXPECT_THAT(out, HasSubstr("samples/count cpu/nanoseconds[dflt]"));
  EXPECT_THAT(out, HasSubstr("profd.lost{reason=\"ring_full\"} 12"));
  EXPECT_THAT(out, ContainsRegex("1: 0x0/0x0/0x0 python  \\[FN\\]\\[FL\\]\\[LN\\]"));
  EXPECT_THAT(out, HasSubstr("[kernel.kallsyms]"));
  EXPECT_THAT(out, HasSubstr("/usr/lib/libz.so.1"));
  EXPECT_THAT(out, HasSubstr("<module> /app/x.py:40"));
}

TEST_F(PprofGoTest, TopNamesAndWeighsFunctions) {
  const std::string out = Pprof(Sample(), "-top");
  EXPECT_THAT(out, HasSubstr("Type: cpu"));
  EXPECT_THAT(out, HasSubstr("Total samples = 100ms"));
  EXPECT_THAT(out,
              ContainsRegex("50ms +50.00% +[0-9.]+% +80ms +80.00% +Reader.decode.<locals>.inner"));
  // Not taken for a C++ name.
  EXPECT_THAT(out, ContainsRegex("20ms +20.00% +[0-9.]+% +100ms +(100.00|  100)% +<module>"));
  EXPECT_THAT(out, ContainsRegex("30ms +30.00% +[0-9.]+% +30ms +30.00% +do_sys_read"));
}

TEST_F(PprofGoTest, TagsShowPlainPids) {
  const std::string out = Pprof(Sample(), "-tags");
  EXPECT_THAT(out, ContainsRegex("80ms \\(80.00%\\): 4242\n"));
  EXPECT_THAT(out, HasSubstr("gunicorn"));
  EXPECT_THAT(out, Not(HasSubstr("4242pid")));
}

TEST_F(PprofGoTest, FocusOnATag) {
  EXPECT_THAT(Pprof(Sample(), "-top -tagfocus=pid=77"), HasSubstr("20ms"));
  EXPECT_THAT(Pprof(Sample(), "-top -tagfocus=comm=celery"),
              ContainsRegex("Showing nodes accounting for 20ms"));
}

TEST_F(PprofGoTest, ReadsTenThousandStacks) {
  Profile profile;
  int64_t pid = 0;
  for (const Stack& stack : ServiceStacks(10'000)) {
    profile.Add(profile.InternStack(stack), Labels{.pid = ++pid % 16 + 1}, 1, 1'000'000);
  }
  EXPECT_THAT(Pprof(profile, "-top -nodecount=3"), HasSubstr("of 10s total"));
}

}  // namespace
}  // namespace profd
