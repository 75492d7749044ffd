#include "userspace/sampling/wait_account.h"

#include <gtest/gtest.h>

#include <utility>

namespace profd {
namespace {

constexpr int64_t kPeriod = 10;
constexpr uint32_t kRunning = 0, kSleeping = 1;

// What the kernel would say of a thread that began at 1000 and was first looked at then.
class Thread {
 public:
  Thread() : account_(At(1000), false) {}

  Thread& OnCpu(uint64_t ns) {
    ++record_.switches;
    record_.delay_ns += std::exchange(undelivered_, 0);
    record_.flags = THREAD_ON_CPU;
    record_.state = kRunning;
    record_.exec_ns += ns;
    return Pass(ns);
  }
  Thread& Ready(uint64_t ns) {
    record_.flags = 0;
    record_.state = kRunning;
    undelivered_ += ns;  // sched_info_arrive() adds it when the thread gets a CPU
    return Pass(ns);
  }
  Thread& Sleeps(uint64_t ns) {
    ++record_.switches;
    record_.flags = 0;
    record_.state = kSleeping;
    return Pass(ns);
  }
  Thread& Seen() {
    account_.Update(record_);
    return *this;
  }

  WaitAccount& account() { return account_; }
  const thread_record& record() const { return record_; }
  int64_t OwedWhile(uint32_t state) const {
    thread_record record = record_;
    record.flags = 0;
    record.state = state;
    return account_.Owed(record);
  }

 private:
  const thread_record& At(uint64_t time) {
    record_.start_ns = 1000;
    record_.time_ns = time;
    record_.state = kSleeping;
    return record_;
  }
  Thread& Pass(uint64_t ns) {
    record_.time_ns += ns;
    return *this;
  }

  thread_record record_ = {};
  uint64_t undelivered_ = 0;
  WaitAccount account_;
};

TEST(WaitAccount, TellsWaitingForACpuFromOtherWaiting) {
  Thread thread;
  thread.Sleeps(100).Ready(30).OnCpu(50).Seen();
  EXPECT_EQ(thread.OwedWhile(kSleeping), 100);
  EXPECT_EQ(thread.OwedWhile(kRunning), 30);
}

TEST(WaitAccount, CountsNothingTwiceWhateverTheLooksFallOn) {
  Thread thread;
  for (int i = 0; i < 100; ++i) {
    thread.Sleeps(7);
    if (i % 2 == 0) thread.Seen();
    thread.Ready(3);
    if (i % 3 == 0) thread.Seen();
    thread.Ready(2);
    if (i % 3 != 1) thread.Seen();
    thread.OnCpu(4);
    if (i % 5 == 0) thread.Seen();
  }
  thread.OnCpu(1).Seen();
  EXPECT_EQ(thread.OwedWhile(kSleeping), 700);
  EXPECT_EQ(thread.OwedWhile(kRunning), 500);
}

TEST(WaitAccount, KnowsAWaitForACpuBeforeItEnds) {
  Thread thread;
  thread.OnCpu(5).Ready(1).Seen().Ready(1000).Seen();
  EXPECT_EQ(thread.OwedWhile(kRunning), 1000);
  thread.OnCpu(1).Seen();
  EXPECT_EQ(thread.OwedWhile(kRunning), 1001);
  EXPECT_EQ(thread.OwedWhile(kSleeping), 0);
}

TEST(WaitAccount, TakesWholePeriodsOfTheWaySeen) {
  Thread thread;
  thread.Sleeps(44).Ready(17).OnCpu(1).Sleeps(0).Seen();
  EXPECT_EQ(thread.account().Take(thread.record(), kPeriod), 4u);
  EXPECT_EQ(thread.OwedWhile(kSleeping), 4);
  EXPECT_EQ(thread.OwedWhile(kRunning), 17);
  thread.Ready(0).Seen();
  EXPECT_EQ(thread.account().Take(thread.record(), kPeriod), 2u);
  EXPECT_EQ(thread.OwedWhile(kRunning), -3);
}

TEST(WaitAccount, ClaimsTheTimeBeforeTheFirstLookOnlyOfANewThread) {
  thread_record first = {};
  first.start_ns = 1000;
  first.time_ns = 5000;
  first.exec_ns = 500;
  first.delay_ns = 300;
  first.state = kSleeping;
  EXPECT_EQ(WaitAccount(first, false).Owed(first), 0);
  EXPECT_EQ(WaitAccount(first, true).Owed(first), 3200);
  first.state = kRunning;
  EXPECT_EQ(WaitAccount(first, true).Owed(first), 300);

  // It was ready then, and had been for long.
  WaitAccount account(first, false);
  thread_record later = first;
  later.time_ns += 100;
  later.exec_ns += 40;
  later.delay_ns += 3000;
  later.flags = THREAD_ON_CPU;
  account.Update(later);
  EXPECT_EQ(account.Owed(first), 60);
  later.flags = 0;
  later.state = kSleeping;
  EXPECT_EQ(account.Owed(later), 0);
}

TEST(WaitAccount, IsBoundedWhateverTheClocksSay) {
  thread_record record = {};
  record.state = kSleeping;
  WaitAccount account(record, false);
  record.time_ns = uint64_t{1} << 62;
  account.Update(record);
  EXPECT_EQ(account.Owed(record), 10'000'000'000);
  record.exec_ns = uint64_t{1} << 63;
  account.Update(record);
  EXPECT_EQ(account.Owed(record), -10'000'000'000);
}

}  // namespace
}  // namespace profd
