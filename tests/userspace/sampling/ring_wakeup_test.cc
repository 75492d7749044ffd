#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <memory>

#include "tests/waiting/live_sampler.h"

namespace profd::testing {
namespace {

constexpr char kDeep[] = R"(
import sys
sys.setrecursionlimit(2000)
def down(left):
    if left: return down(left - 1)
    print('READY', flush=True)
    while True: pass
down(1000)
)";

bool IsReadable(int descriptor, absl::Duration within) {
  pollfd polled = {descriptor, POLLIN, 0};
  return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(within))) == 1;
}

TEST(RingWakeup, TellsOnceOfEachFilling) {
  constexpr absl::Duration kLong = absl::Seconds(20);
  if (AnyInterpreter().path.empty()) GTEST_SKIP() << "no interpreter";
  if (geteuid() != 0) GTEST_SKIP() << "needs the agent's privileges";
  PythonProgram program(AnyInterpreter(), kDeep, {});
  ASSERT_EQ(program.ReadLine(), "READY");
  Sampler::Options options;
  options.period_ns = 1'000'000;
  auto live = LiveSampler::Start(program.pid(), options);
  if (absl::IsPermissionDenied(live.status())) GTEST_SKIP() << live.status();
  ASSERT_TRUE(live.ok()) << live.status();
  Sampler& sampler = (*live)->sampler();

  ASSERT_TRUE(IsReadable(sampler.descriptor(), kLong));
  bool is_silent = false;
  for (int i = 0; i < 10 && !is_silent; ++i) {  // it may fill again, should we get no CPU
    sampler.Consume(Moment::Now());
    is_silent = !IsReadable(sampler.descriptor(), absl::ZeroDuration());
  }
  EXPECT_TRUE(is_silent);
  EXPECT_TRUE(IsReadable(sampler.descriptor(), kLong));
  EXPECT_GT(sampler.Totals().consumer.profiled, 0u);
}

}  // namespace
}  // namespace profd::testing
