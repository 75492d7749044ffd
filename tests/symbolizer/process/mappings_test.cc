#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "symbolizer/process/process.h"
#include "tests/symbolizer/process/child.h"

namespace profd {
namespace {

TEST(ParseMappings, ReadsEveryField) {
  const auto mappings = ParseMappings(
      "7f0000001000-7f0000003000 r-xp 0001f000 fe:01 247278                     /usr/lib/a b.so\n");
  ASSERT_EQ(mappings.size(), 1u);
  const Mapping& mapping = mappings[0];
  EXPECT_EQ(mapping.start, 0x7f0000001000u);
  EXPECT_EQ(mapping.end, 0x7f0000003000u);
  EXPECT_EQ(mapping.offset, 0x1f000u);
  EXPECT_EQ(mapping.device, makedev(0xfe, 1));
  EXPECT_EQ(mapping.inode, 247278u);
  EXPECT_TRUE(mapping.readable);
  EXPECT_FALSE(mapping.writable);
  EXPECT_TRUE(mapping.executable);
  EXPECT_FALSE(mapping.deleted);
  EXPECT_EQ(mapping.path, "/usr/lib/a b.so");
}

TEST(ParseMappings, CutsDeletedOffThePath) {
  const auto mappings = ParseMappings("1000-2000 rw-s 00000000 00:05 7   /tmp/x (deleted)\n");
  ASSERT_EQ(mappings.size(), 1u);
  EXPECT_TRUE(mappings[0].deleted);
  EXPECT_EQ(mappings[0].path, "/tmp/x");
}

TEST(ParseMappings, TakesAnonymousAndSpecialMappings) {
  const auto mappings = ParseMappings(
      "1000-2000 rw-p 00000000 00:00 0 \n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n");
  ASSERT_EQ(mappings.size(), 2u);
  EXPECT_EQ(mappings[0].path, "");
  EXPECT_EQ(mappings[1].path, "[vsyscall]");
}

TEST(ParseMappings, UndoesEscapedNewlines) {
  const auto mappings = ParseMappings("1000-2000 r--p 00000000 00:05 7   /tmp/a\\012b\n");
  ASSERT_EQ(mappings.size(), 1u);
  EXPECT_EQ(mappings[0].path, "/tmp/a\nb");
}

TEST(ParseMappings, LeavesOutWhatIsNoMapping) {
  EXPECT_TRUE(ParseMappings("").empty());
  EXPECT_TRUE(ParseMappings("\n\nabc\n1000\n1000-\n1000-2000\n1000-2000 r--p\n").empty());
  EXPECT_TRUE(ParseMappings("2000-1000 r--p 00000000 00:05 7 /x\n").empty());
  EXPECT_TRUE(ParseMappings("10000000000000000-2 r--p 00000000 00:05 7 /x\n").empty());
}

TEST(ParseMappings, IsBounded) {  // Pitfall 45
  std::string many;
  for (int i = 1; i < 70000; ++i) {
    absl::StrAppend(&many, absl::Hex(i * 4096), "-", absl::Hex((i + 1) * 4096),
                    " rw-p 00000000 00:00 0 \n");
  }
  EXPECT_EQ(ParseMappings(many).size(), 65536u);
  const auto longest =
      ParseMappings(absl::StrCat("1000-2000 r--p 0 00:05 7 /", std::string(100000, 'x'), "\n"));
  ASSERT_EQ(longest.size(), 1u);
  EXPECT_EQ(longest[0].path.size(), 4096u);
}

TEST(ReadMappings, HoldsOurOwnCodeAndStack) {
  auto mappings = ReadMappings(getpid());
  ASSERT_TRUE(mappings.ok()) << mappings.status();
  const auto mapping_of = [&](const void* address) {
    return std::find_if(mappings->begin(), mappings->end(), [&](const Mapping& mapping) {
      const auto number = reinterpret_cast<uint64_t>(address);
      return number >= mapping.start && number < mapping.end;
    });
  };
  const auto code = mapping_of(reinterpret_cast<const void*>(&ReadMappings));
  ASSERT_NE(code, mappings->end());
  EXPECT_TRUE(code->executable);
  EXPECT_NE(code->inode, 0u);
  EXPECT_THAT(code->path, testing::EndsWith("_test"));
  int local = 0;
  const auto stack = mapping_of(&local);
  ASSERT_NE(stack, mappings->end());
  EXPECT_TRUE(stack->writable);
  EXPECT_EQ(stack->inode, 0u);
}

TEST(ReadMappings, OfAProcessThatHasGoneIsNotFound) {
  Child child([] { return 1; });
  const pid_t pid = child.pid();
  ASSERT_TRUE(ReadMappings(pid).ok());
  child.Kill();
  EXPECT_TRUE(absl::IsNotFound(ReadMappings(pid).status()));
}

TEST(ReadMappings, SurvivesTheEndOfTheMainThread) {  // Pitfall 18
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    std::thread([&] {
      (void)!write(ends[1], "x", 1);
      while (true) pause();
    }).detach();
    syscall(SYS_exit, 0);  // of this thread only
  }
  char ready;
  ASSERT_EQ(read(ends[0], &ready, 1), 1);
  // A zombie has no executable.
  bool leader_gone = false;
  for (int i = 0; i < 5000 && !leader_gone; ++i) {
    leader_gone = access(absl::StrCat("/proc/", pid, "/exe").c_str(), F_OK) != 0;
    usleep(1000);
  }
  ASSERT_TRUE(leader_gone);
  auto mappings = ReadMappings(pid);
  EXPECT_TRUE(mappings.ok() && !mappings->empty());
  EXPECT_TRUE(OpenInRoot(pid, "/proc/version").ok());
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace profd
