#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/waiting/live_sampler.h"

namespace profd::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

constexpr absl::Duration kShort = absl::Seconds(2);

Sampler::Options Idle() {
  Sampler::Options options;
  options.idle = true;
  options.gil = true;
  return options;
}

class Waiting : public ::testing::Test {
 protected:
  void SetUp() override {
    if (AnyInterpreter().path.empty()) GTEST_SKIP() << "no interpreter";
    if (geteuid() != 0) GTEST_SKIP() << "needs the agent's privileges";
  }

  // Profiles waits.py; threads_ is empty when that failed.
  void Profile(const Interpreter& interpreter, const std::vector<std::string>& arguments,
               absl::Duration duration, const Sampler::Options& options = Idle()) {
    threads_.clear();
    live_.reset();
    program_ = StartWaits(interpreter, arguments);
    ASSERT_NE(program_, nullptr) << interpreter.ToString();
    auto live = LiveSampler::Start(program_->pid(), options);
    if (absl::IsPermissionDenied(live.status())) GTEST_SKIP() << live.status();
    ASSERT_TRUE(live.ok()) << live.status();
    live_ = *std::move(live);
    if (live_->sampler().waiting_stats() == nullptr) {
      GTEST_SKIP() << live_->sampler().KernelLacks();
    }
    window_ = live_->Run(duration);
    threads_ = ByThread(window_.profile);
  }

  std::unique_ptr<PythonProgram> program_;
  std::unique_ptr<LiveSampler> live_;
  FinishedWindow window_;
  std::map<std::string, ThreadTime> threads_;
};

std::string Describe(const std::map<std::string, ThreadTime>& threads) {
  std::string text;
  for (const auto& [name, thread] : threads) {
    absl::StrAppend(&text, name, ": cpu ", thread.cpu, " wall ", thread.wall);
    for (const auto& [leaf, wall] : thread.by_leaf) absl::StrAppend(&text, "  ", leaf, "=", wall);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST_F(Waiting, NamesWhatThreadsWaitFor) {
  Profile(AnyInterpreter(), {"sleep", "lock", "receive", "poll", "child", "pipe"}, kShort);
  const double duration = absl::ToDoubleSeconds(window_.duration);
  for (const auto& [name, leaf] :
       std::map<std::string, std::string>{{"sleep", "[waiting: sleep]"},
                                          {"lock", "[waiting: lock]"},
                                          {"receive", "[waiting: socket]"},
                                          {"poll", "[waiting: socket]"},
                                          {"child", "[waiting: child]"},
                                          {"pipe", "[waiting: pipe]"},
                                          {"MainThread", "[waiting: pipe]"}}) {
    ThreadTime& thread = threads_[name];
    EXPECT_GT(thread.Share(leaf), 0.97) << name << "\n" << Describe(threads_);
    EXPECT_NEAR(thread.wall, duration, 0.1 * duration + 0.05) << name;
    if (name == "MainThread") continue;
    EXPECT_GT(thread.by_function[name], 0.97 * thread.wall) << name;
  }
}

TEST_F(Waiting, OfADiskShowsWhileFilesAreSynced) {
  Profile(AnyInterpreter(), {"disk"}, kShort);
  ThreadTime& disk = threads_["disk"];
  EXPECT_NEAR(disk.wall, absl::ToDoubleSeconds(window_.duration), 0.5);
  // A disk in memory may be done before anybody looks.
  if (disk.cpu > 0.5 * disk.wall) GTEST_SKIP() << "files are synced at once here";
  EXPECT_THAT(disk.by_leaf, Contains(Key("[waiting: disk]"))) << Describe(threads_);
  EXPECT_LT(disk.by_leaf["[waiting: other]"], 0.1 * disk.wall) << Describe(threads_);
  // It wakes hundreds of times a second: not every wait can be proven while it lasts.
  EXPECT_GT(disk.by_function.at("disk"), 0.6 * disk.wall) << Describe(threads_);
}

TEST_F(Waiting, ForTheGilIsToldFromOtherLocks) {
  for (int minor : {6, 8, 11, 12, 13, 15}) {
    const std::vector<Interpreter> found = InterpretersOfMinor(minor);
    if (found.empty() || found.front().free_threaded) continue;
    Profile(found.front(), {"busy", "4"}, kShort);
    if (IsSkipped() || HasFatalFailure()) return;
    double gil = 0, lock = 0, cpu = 0;
    for (auto& [name, thread] : threads_) {
      if (!absl::StartsWith(name, "busy")) continue;
      gil += thread.by_leaf["[waiting: GIL]"];
      lock += thread.by_leaf["[waiting: lock]"];
      cpu += thread.cpu;
      EXPECT_NEAR(thread.wall, absl::ToDoubleSeconds(window_.duration), 0.6)
          << found.front().ToString() << "\n"
          << Describe(threads_);
    }
    // One of four has it at a time; on a busy host those that look for it wait for a CPU, too.
    EXPECT_GT(gil, 1.2 * absl::ToDoubleSeconds(window_.duration))
        << found.front().ToString() << "\n"
        << Describe(threads_);
    EXPECT_LT(lock, 0.02 * gil) << found.front().ToString();
    EXPECT_GT(window_.gil_held, 0.8 * window_.duration) << found.front().ToString();
    // Whoever looks takes a CPU: perhaps that of the holder, which then is seen too often.
    EXPECT_LT(window_.gil_held, 1.6 * window_.duration) << found.front().ToString();
  }
}

// Of all threads of a process, in seconds, as the kernel accounts for it: on a CPU, and ready for
// one.
std::pair<double, double> ScheduledTime(pid_t pid) {
  std::pair<double, double> total;
  for (const auto& task :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::ifstream file(task.path() / "schedstat");
    double on_cpu = 0, ready = 0;
    file >> on_cpu >> ready;
    total.first += on_cpu / 1e9;
    total.second += ready / 1e9;
  }
  return total;
}

TEST_F(Waiting, AndComputingAddUpToTime) {
  program_ = StartWaits(AnyInterpreter(), {"half"});
  ASSERT_NE(program_, nullptr);
  auto live = LiveSampler::Start(program_->pid(), Idle());
  if (!live.ok()) GTEST_SKIP() << live.status();
  const auto before = ScheduledTime(program_->pid());
  window_ = (*live)->Run(absl::Seconds(6));
  const auto after = ScheduledTime(program_->pid());
  threads_ = ByThread(window_.profile);
  ThreadTime& half = threads_["half"];
  const double duration = absl::ToDoubleSeconds(window_.duration);
  EXPECT_NEAR(half.wall, duration, 0.07 * duration) << Describe(threads_);
  EXPECT_NEAR(half.cpu, after.first - before.first, 0.1 * duration) << Describe(threads_);
  EXPECT_NEAR(half.by_leaf["[waiting: CPU]"], after.second - before.second, 0.1 * duration)
      << Describe(threads_);
  EXPECT_GT(half.Share("[waiting: sleep]"), 0.2) << Describe(threads_);
  EXPECT_GT(half.by_function.at("half"), 0.85 * half.wall) << Describe(threads_);
}

TEST_F(Waiting, ShowsOnlyTheHolderOfTheGil) {
  Sampler::Options options = Idle();
  options.gil_only = true;
  Profile(AnyInterpreter(), {"busy", "3"}, kShort, options);
  double wall = 0;
  for (auto& [name, thread] : threads_) {
    wall += thread.wall;
    EXPECT_EQ(thread.by_leaf.count("[waiting: GIL]"), 0) << Describe(threads_);
  }
  EXPECT_NEAR(wall, absl::ToDoubleSeconds(window_.duration), 0.3 * absl::ToDoubleSeconds(kShort))
      << Describe(threads_);
}

TEST_F(Waiting, ShowsWholeStacksOnEveryVersion) {
  for (const Interpreter& interpreter : Interpreters()) {
    Profile(interpreter, {"deep", "lock"}, absl::Milliseconds(400));
    if (IsSkipped()) return;
    const ThreadTime& deep = threads_["deep"];
    // threading.py: _bootstrap, _bootstrap_inner, run; deep() 51 times.
    EXPECT_EQ(deep.deepest, 54u) << interpreter.ToString() << "\n" << Describe(threads_);
    EXPECT_GT(deep.Share("[waiting: sleep]"), 0.95) << interpreter.ToString();
    EXPECT_GT(threads_["lock"].Share("[waiting: lock]"), 0.95) << interpreter.ToString() << "\n"
                                                               << Describe(threads_);
    program_.reset();
  }
}

TEST_F(Waiting, ManyThreadsAreAllThere) {
  Profile(AnyInterpreter(), {"many", "200"}, kShort);
  size_t whole = 0;
  for (const auto& [name, thread] : threads_) {
    if (!absl::StartsWith(name, "sleep-")) continue;
    if (thread.wall > 0.8 * absl::ToDoubleSeconds(window_.duration)) ++whole;
  }
  EXPECT_EQ(whole, 200u);
  const WaitingSampler::Stats& stats = *live_->sampler().waiting_stats();
  // Each stands still: it is read once, and not again.
  EXPECT_LT(stats.reads, 400u);
  EXPECT_EQ(stats.unread_ns, 0u);
  EXPECT_LT(stats.cpu, 0.04 * window_.duration);
  RecordProperty("cpu_per_tick_us", static_cast<int>(absl::ToInt64Microseconds(stats.cpu) /
                                                     static_cast<int64_t>(stats.ticks)));
}

TEST_F(Waiting, ThreadsComeAndGo) {
  Profile(AnyInterpreter(), {"brief"}, kShort);
  const ThreadTime& brief = threads_["brief"];
  EXPECT_NEAR(brief.wall, absl::ToDoubleSeconds(window_.duration), 0.4) << Describe(threads_);
  EXPECT_GT(brief.Share("[waiting: lock]"), 0.5) << Describe(threads_);
  EXPECT_GT(threads_["brief-child"].by_leaf["[waiting: sleep]"], 0.3) << Describe(threads_);
}

TEST_F(Waiting, AProcessMayEndMeanwhile) {
  Profile(AnyInterpreter(), {"sleep", "half"}, absl::Milliseconds(500));
  program_.reset();
  const FinishedWindow after = live_->Run(absl::Milliseconds(500));
  for (const auto& [name, thread] : ByThread(after.profile)) EXPECT_LT(thread.wall, 0.2) << name;
}

std::string StateOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  std::string line, state;
  while (std::getline(file, line)) {
    if (absl::StartsWith(line, "State:") || absl::StartsWith(line, "TracerPid:")) state += line;
  }
  return state;
}

// Pitfall 49
TEST_F(Waiting, IsSeenWithoutStoppingAnybody) {
  program_ = StartWaits(AnyInterpreter(), {"sleep", "lock", "half"});
  ASSERT_NE(program_, nullptr);
  auto live = LiveSampler::Start(program_->pid(), Idle());
  if (!live.ok()) GTEST_SKIP() << live.status();
  for (int i = 0; i < 100; ++i) {
    (void)(*live)->Run(absl::Milliseconds(10));
    EXPECT_THAT(StateOf(program_->pid()), Not(HasSubstr("stop")));
    EXPECT_THAT(StateOf(program_->pid()), HasSubstr("TracerPid:\t0"));
  }
  // Being looked at is no reason to run.
  std::ifstream file(absl::StrCat("/proc/", program_->pid(), "/status"));
  std::string line;
  while (std::getline(file, line)) {
    if (absl::StartsWith(line, "voluntary_ctxt_switches:")) {
      EXPECT_LT(std::stoi(line.substr(line.find('\t'))), 100) << line;
    }
  }
}

TEST_F(Waiting, IsOtherThanBeingStopped) {
  program_ = StartWaits(AnyInterpreter(), {"sleep"});
  ASSERT_NE(program_, nullptr);
  auto live = LiveSampler::Start(program_->pid(), Idle());
  if (!live.ok()) GTEST_SKIP() << live.status();
  kill(program_->pid(), SIGSTOP);
  auto threads = ByThread((*live)->Run(absl::Seconds(1)).profile);
  kill(program_->pid(), SIGCONT);
  EXPECT_GT(threads["sleep"].Share("[waiting: stopped]"), 0.8) << Describe(threads);
}

}  // namespace
}  // namespace profd::testing
