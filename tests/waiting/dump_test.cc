#include "userspace/views/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/waiting/live_sampler.h"
#include "userspace/sampling/thread_dump.h"

namespace profd::testing {
namespace {

using ::testing::HasSubstr;

std::map<std::string, DumpedThread> ByName(const ThreadDump& dump) {
  std::map<std::string, DumpedThread> threads;
  for (const DumpedThread& thread : dump.threads) threads[thread.name] = thread;
  return threads;
}

std::vector<std::string> PythonNames(const Stack& stack) {
  std::vector<std::string> names;
  for (const Frame& frame : stack) {
    if (frame.function->kind == FrameKind::kPython) names.push_back(frame.function->name);
  }
  return names;
}

class Dump : public ::testing::Test {
 protected:
  void SetUp() override {
    if (AnyInterpreter().path.empty()) GTEST_SKIP() << "no interpreter";
    if (geteuid() != 0) GTEST_SKIP() << "needs the agent's privileges";
  }
};

TEST_F(Dump, ShowsEveryThreadThatWaits) {
  auto program = StartWaits(AnyInterpreter(), {"sleep", "lock", "receive"});
  ASSERT_NE(program, nullptr);
  auto dump = DumpThreads(program->pid(), DumpOptions());
  if (absl::IsUnimplemented(dump.status())) GTEST_SKIP() << dump.status();
  ASSERT_TRUE(dump.ok()) << dump.status();
  EXPECT_EQ(dump->threads.front().name, "MainThread");
  auto threads = ByName(*dump);
  for (const auto& [name, reason] : std::map<std::string, std::string>{
           {"sleep", "sleep"}, {"lock", "lock"}, {"receive", "socket"}, {"MainThread", "pipe"}}) {
    const DumpedThread& thread = threads[name];
    EXPECT_EQ(thread.waits_for, reason) << name << "\n" << DumpText(*dump);
    EXPECT_FALSE(thread.running);
    EXPECT_FALSE(thread.holds_gil);
    if (name != "MainThread") {
      EXPECT_EQ(PythonNames(thread.stack).front(), name);
    }
  }
  EXPECT_THAT(DumpText(*dump), HasSubstr("(waiting: lock): \"lock\""));
}

// Of threads that compete, each has a stack, and whoever runs Python code holds the GIL.
TEST_F(Dump, ShowsThreadsThatRun) {
  auto program = StartWaits(AnyInterpreter(), {"busy", "3"});
  ASSERT_NE(program, nullptr);
  DumpOptions options;
  options.patience = absl::Seconds(5);
  auto dump = DumpThreads(program->pid(), options);
  ASSERT_TRUE(dump.ok()) << dump.status();
  int busy = 0, holders = 0;
  for (const DumpedThread& thread : dump->threads) {
    EXPECT_EQ(thread.unread, "") << DumpText(*dump);
    holders += thread.holds_gil;
    if (thread.name == "MainThread") continue;
    ++busy;
    EXPECT_EQ(PythonNames(thread.stack).front(), "busy") << DumpText(*dump);
    if (!thread.running && thread.waits_for != "CPU") {
      EXPECT_EQ(thread.waits_for, "GIL");
    }
  }
  EXPECT_EQ(busy, 3);
  EXPECT_LE(holders, 3);
}

TEST_F(Dump, IsJsonWithTheKeysOfPySpy) {
  auto program = StartWaits(AnyInterpreter(), {"sleep"});
  ASSERT_NE(program, nullptr);
  auto dump = DumpThreads(program->pid(), DumpOptions());
  ASSERT_TRUE(dump.ok()) << dump.status();
  const auto json = nlohmann::json::parse(DumpJson(*dump));
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["thread_name"], "MainThread");
  EXPECT_EQ(json[0]["os_thread_id"], program->pid());
  EXPECT_EQ(json[1]["active"], false);
  EXPECT_EQ(json[1]["owns_gil"], false);
  EXPECT_EQ(json[1]["waiting_for"], "sleep");
  EXPECT_EQ(json[1]["frames"][0]["name"], "sleep");
  EXPECT_GT(json[1]["frames"][0]["line"], 0);
  EXPECT_EQ(json[0]["process_info"]["command_line"].back(), "sleep");
  EXPECT_THAT(DumpText(*dump), HasSubstr(" sleep\nPython v3."));
}

TEST_F(Dump, SaysWhatCannotBeDumped) {
  EXPECT_TRUE(absl::IsNotFound(DumpThreads(1 << 22, DumpOptions()).status()));
  auto self = DumpThreads(getpid(), DumpOptions());
  EXPECT_THAT(self.status().message(), HasSubstr("runs no Python"));
}

}  // namespace
}  // namespace profd::testing
