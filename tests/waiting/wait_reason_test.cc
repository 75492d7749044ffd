#include "userspace/sampling/wait_reason.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "userspace/collector/thread_iterator.h"

namespace profd {
namespace {

constexpr uint64_t kInterruptible = 1, kUninterruptible = 2, kStopped = 4;

WaitReasons Reasons() {
  return WaitReasons([](uint64_t address) -> std::string {
    switch (address) {
      case 1:
        return "schedule";
      case 2:
        return "pipe_read";
      case 3:
        return "unix_stream_read_generic";
      case 4:
        return "io_schedule";
      case 5:
        return "n_tty_read";
      case 6:
        return "do_nanosleep";
      default:
        return "";
    }
  });
}

thread_record In(int32_t syscall, uint64_t state = kInterruptible) {
  thread_record record = {};
  record.syscall = syscall;
  record.state = static_cast<uint32_t>(state);
  record.syscall_args[0] = 1;
  record.syscall_args[1] = 1;
  return record;
}

TEST(WaitReason, IsToldByTheSystemCall) {
  WaitReasons reasons = Reasons();
  EXPECT_EQ(reasons.Of(In(SYS_futex), {}), WaitReason::kLock);
  EXPECT_EQ(reasons.Of(In(SYS_epoll_pwait), {}), WaitReason::kSocket);
  EXPECT_EQ(reasons.Of(In(SYS_clock_nanosleep), {}), WaitReason::kSleep);
  EXPECT_EQ(reasons.Of(In(SYS_wait4), {}), WaitReason::kChild);
  EXPECT_EQ(reasons.Of(In(SYS_fsync, kUninterruptible), {}), WaitReason::kDisk);
}

TEST(WaitReason, OfSelectWithoutDescriptorsIsSleep) {
  WaitReasons reasons = Reasons();
  thread_record record = In(SYS_pselect6);
  EXPECT_EQ(reasons.Of(record, {}), WaitReason::kSocket);
  record.syscall_args[0] = 0;
  EXPECT_EQ(reasons.Of(record, {}), WaitReason::kSleep);
  record = In(SYS_ppoll);
  record.syscall_args[1] = 0;
  EXPECT_EQ(reasons.Of(record, {}), WaitReason::kSleep);
}

TEST(WaitReason, OfReadIsToldByTheKernelStack) {
  WaitReasons reasons = Reasons();
  EXPECT_EQ(reasons.Of(In(SYS_read), {1, 2}), WaitReason::kPipe);
  EXPECT_EQ(reasons.Of(In(SYS_read), {1, 3}), WaitReason::kSocket);
  EXPECT_EQ(reasons.Of(In(SYS_read), {1, 4, 2}), WaitReason::kDisk);
  EXPECT_EQ(reasons.Of(In(SYS_read), {1, 5}), WaitReason::kOther);
  EXPECT_EQ(reasons.Of(In(SYS_restart_syscall), {1, 6}), WaitReason::kSleep);
  EXPECT_EQ(reasons.Of(In(PROFD_SYSCALL_NONE, kUninterruptible), {}), WaitReason::kDisk);
}

TEST(WaitReason, OfAThreadThatCouldRunIsTheCpu) {
  WaitReasons reasons = Reasons();
  EXPECT_EQ(reasons.Of(In(SYS_futex, 0), {}), WaitReason::kCpu);
  EXPECT_EQ(reasons.Of(In(SYS_futex, kStopped), {}), WaitReason::kStopped);
}

TEST(WaitReason, IsTheGilWhereTheFutexIsPartOfIt) {
  py_process process = {};
  py_layout layout = {};
  EXPECT_FALSE(IsGilFutex(process, layout, {}, 0x1000));
  EXPECT_TRUE(IsGilFutex(process, layout, {0x1000}, 0x1020));
  EXPECT_FALSE(IsGilFutex(process, layout, {0x1000}, 0xff0));
  EXPECT_FALSE(IsGilFutex(process, layout, {0x1000}, 0x1100));
  process.interp_head = 0x5018;
  process.tstate_current = 0x5240;
  layout.has = uint64_t{1} << PY_RUNTIME_TSTATE_CURRENT;
  EXPECT_TRUE(IsGilFutex(process, layout, {}, 0x5100));
  EXPECT_FALSE(IsGilFutex(process, layout, {}, 0x5300));
  EXPECT_FALSE(IsGilFutex(process, layout, {}, 0x7fff0000));
}

TEST(ThreadReports, EndWithWhatIsNoWholeRecord) {
  thread_record record = {};
  record.tid = 7;
  record.kernel_frames = 2;
  std::string bytes(reinterpret_cast<const char*>(&record), sizeof(record));
  bytes += std::string(16, 'x');
  EXPECT_EQ(ParseThreadReports(bytes).size(), 1u);
  EXPECT_EQ(ParseThreadReports(bytes + bytes).size(), 2u);
  EXPECT_EQ(ParseThreadReports(bytes + bytes.substr(0, bytes.size() - 1)).size(), 1u);
  record.kernel_frames = PROFD_MAX_WAIT_FRAMES + 1;
  EXPECT_EQ(ParseThreadReports(std::string(4096, '\xff')).size(), 0u);
}

TEST(ThreadReports, ProveThatAThreadStoodStill) {
  thread_record before = {};
  before.switches = 5;
  before.exec_ns = 100;
  thread_record after = before;
  EXPECT_TRUE(StoodStill(before, after));
  after.switches = 6;
  EXPECT_FALSE(StoodStill(before, after));
  after = before;
  after.flags = THREAD_ON_CPU;
  EXPECT_FALSE(StoodStill(before, after));
  EXPECT_FALSE(StoodStill(after, before));
  after = before;
  after.start_ns = 1;  // the TID's next owner
  EXPECT_FALSE(StoodStill(before, after));
}

}  // namespace
}  // namespace profd
