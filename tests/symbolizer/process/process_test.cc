#include "symbolizer/process/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "tests/symbolizer/process/child.h"

namespace profd {
namespace {

TEST(IdentityOf, IsThatOfStat) {
  Descriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  struct stat expected;
  ASSERT_EQ(fstat(file.get(), &expected), 0);
  auto identity = IdentityOf(file.get());
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->device, expected.st_dev);
  EXPECT_EQ(identity->inode, expected.st_ino);
  EXPECT_EQ(identity->size, static_cast<uint64_t>(expected.st_size));
  EXPECT_EQ(identity->change_time_ns,
            expected.st_ctim.tv_sec * 1'000'000'000 + expected.st_ctim.tv_nsec);
  EXPECT_FALSE(IdentityOf(-1).ok());
}

TEST(StartTime, IsLaterForAChild) {
  auto own = StartTimeTicks(getpid());
  ASSERT_TRUE(own.ok());
  Child child([] { return 1; });
  auto of_child = StartTimeTicks(child.pid());
  ASSERT_TRUE(of_child.ok());
  EXPECT_GE(*of_child, *own);
  timespec since_boot;
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  EXPECT_LE(*of_child, static_cast<uint64_t>((since_boot.tv_sec + 1) * sysconf(_SC_CLK_TCK)));
  EXPECT_GT(*of_child, 0u);
}

TEST(StartTime, IsNotFooledByTheComm) {
  Child plain([] { return 1; });
  Child forged([] { return prctl(PR_SET_NAME, "x) R 1 2 3 (y) ") == 0 ? 1 : 0; });
  ASSERT_EQ(forged.ready_value(), 1u);
  auto start = StartTimeTicks(forged.pid());
  ASSERT_TRUE(start.ok());
  EXPECT_NEAR(static_cast<double>(*start), static_cast<double>(*StartTimeTicks(plain.pid())), 500);
  EXPECT_EQ(Comm(forged.pid()), "x) R 1 2 3 (y) ");
}

TEST(CpuTime, CountsWhatAProcessUsed) {
  Child child([] {
    timespec used = {};
    while (used.tv_nsec < 50'000'000) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return 1;
  });
  auto used = CpuTime(child.pid());
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_GE(*used, absl::Milliseconds(50));
  EXPECT_LT(*used, absl::Seconds(1));
}

TEST(Process, ThatHasGoneIsNotFound) {
  Child child([] { return 1; });
  const pid_t pid = child.pid();
  const std::vector<pid_t> before = ListProcesses();
  EXPECT_TRUE(std::is_sorted(before.begin(), before.end()));
  EXPECT_TRUE(std::binary_search(before.begin(), before.end(), pid));
  child.Kill();
  EXPECT_TRUE(absl::IsNotFound(StartTimeTicks(pid).status()));
  EXPECT_TRUE(absl::IsNotFound(CpuTime(pid).status()));
  EXPECT_EQ(Comm(pid), "");
  const std::vector<pid_t> after = ListProcesses();
  EXPECT_FALSE(std::binary_search(after.begin(), after.end(), pid));
}

}  // namespace
}  // namespace profd
