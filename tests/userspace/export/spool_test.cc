#include "userspace/export/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/userspace/export/small_disk.h"
#include "tests/userspace/export/temporary_directory.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kStart =
    absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 30, 0), absl::UTCTimeZone()) +
    absl::Milliseconds(123);

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<Spool> Open(absl::Duration keep = absl::InfiniteDuration(),
                              uint64_t max_bytes = 1 << 30) {
    auto spool = Spool::Open({dir_.path(), "host", keep, max_bytes});
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }
  std::string Host(const std::string& name) const { return dir_ / ("host/" + name); }

  TemporaryDirectory dir_;
};

TEST_F(SpoolTest, NamesFilesByHostDayAndStart) {
  const auto spool = Open();
  const auto path = spool->Write(kStart, "data", kStart);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(*path, Host("2026-11-21/20261121T103000.123Z-cpu.pb.gz"));
  EXPECT_EQ(ReadFile(*path), "data");
  EXPECT_EQ(spool->stats().files, 1u);
  EXPECT_EQ(spool->stats().bytes, 4u);
}

TEST_F(SpoolTest, NeverWritesOverAFile) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Write(kStart, "1", kStart).ok());
  // A file that appeared behind the spool's back counts too.
  MakeFile(Host("2026-11-21/20261121T103000.123Z-cpu-2.pb.gz"), "2");
  const auto third = spool->Write(kStart, "3", kStart);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(*third, Host("2026-11-21/20261121T103000.123Z-cpu-3.pb.gz"));
  EXPECT_EQ(ReadFile(Host("2026-11-21/20261121T103000.123Z-cpu.pb.gz")), "1");
  EXPECT_EQ(ReadFile(Host("2026-11-21/20261121T103000.123Z-cpu-2.pb.gz")), "2");
}

TEST_F(SpoolTest, DeletesByAgeAndRemovesEmptyDays) {
  const auto spool = Open(absl::Hours(24));
  ASSERT_TRUE(spool->Write(kStart, "old", kStart).ok());
  ASSERT_TRUE(spool->Write(kStart + absl::Hours(20), "new", kStart).ok());
  ASSERT_TRUE(spool->Evict(kStart + absl::Hours(24)).ok());
  EXPECT_EQ(spool->stats().files, 2u);  // exactly as old as allowed
  ASSERT_TRUE(spool->Evict(kStart + absl::Hours(24) + absl::Milliseconds(1)).ok());
  EXPECT_THAT(NamesIn(dir_ / "host"), ElementsAre(".lock", "2026-11-22"));
  EXPECT_EQ(spool->stats().by_age.files, 1u);
  EXPECT_EQ(spool->stats().by_age.bytes, 3u);
  EXPECT_EQ(spool->stats().by_size.files, 0u);
}

TEST_F(SpoolTest, DeletesTheOldestBeforeTheCapIsPassed) {
  const auto spool = Open(absl::InfiniteDuration(), 25);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(spool->Write(kStart + absl::Minutes(i), std::string(10, 'x'), kStart).ok());
    EXPECT_LE(spool->stats().bytes, 25u);
  }
  EXPECT_THAT(NamesIn(Host("2026-11-21")),
              ElementsAre("20261121T103300.123Z-cpu.pb.gz", "20261121T103400.123Z-cpu.pb.gz"));
  EXPECT_EQ(spool->stats().by_size.files, 3u);
  EXPECT_EQ(spool->stats().by_size.bytes, 30u);
}

TEST_F(SpoolTest, AProfileLargerThanTheCapDeletesNothing) {
  const auto spool = Open(absl::InfiniteDuration(), 25);
  ASSERT_TRUE(spool->Write(kStart, "keep", kStart).ok());
  const auto refused = spool->Write(kStart + absl::Minutes(1), std::string(26, 'x'), kStart);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(spool->stats().files, 1u);
}

TEST_F(SpoolTest, ARestartPicksUpWhatIsThere) {
  ASSERT_TRUE(Open()->Write(kStart, std::string(10, 'x'), kStart).ok());
  const auto spool = Open(absl::InfiniteDuration(), 15);
  EXPECT_EQ(spool->stats().files, 1u);
  EXPECT_EQ(spool->stats().bytes, 10u);
  ASSERT_TRUE(spool->Write(kStart + absl::Minutes(1), std::string(10, 'x'), kStart).ok());
  EXPECT_THAT(NamesIn(Host("2026-11-21")), ElementsAre("20261121T103100.123Z-cpu.pb.gz"));
}

TEST_F(SpoolTest, NeverTouchesFilesOfOthers) {
  const std::vector<std::string> others = {
      "2026-11-21/notes.txt",
      "2026-11-21/20261121T103000.123Z-cpu.pb.gz.bak",
      "2026-11-21/20261121T103000.123Z-mem.pb.gz",
      "2026-11-21/20261121T103000.123Z-cpu-1.pb.gz",
      "2026-11-21/20261121T103000.123Z-cpu-+2.pb.gz",
      "2026-11-21/20261121T1030zz.123Z-cpu.pb.gz",
      "2026-11-21/20261120T103000.123Z-cpu.pb.gz",  // another day's
      "backup/20261121T103000.123Z-cpu.pb.gz",
      "20261121T103000.123Z-cpu.pb.gz",
  };
  for (const std::string& name : others) MakeFile(Host(name), "precious");
  const auto spool = Open(absl::Seconds(1), 1);
  EXPECT_EQ(spool->stats().files, 0u);
  ASSERT_TRUE(spool->Evict(kStart + absl::Hours(10'000)).ok());
  for (const std::string& name : others) EXPECT_EQ(ReadFile(Host(name)), "precious") << name;
}

TEST_F(SpoolTest, NeverFollowsSymbolicLinks) {
  TemporaryDirectory elsewhere;
  const std::string name = "20261121T103000.123Z-cpu.pb.gz";
  MakeFile(elsewhere / name, "precious");
  MakeFile(Host("2026-11-20/x"), "");
  std::filesystem::create_directory_symlink(elsewhere.path(), Host("2026-11-21"));
  std::filesystem::create_symlink(elsewhere / name,
                                  Host("2026-11-20/20261120T103000.123Z-cpu.pb.gz"));
  const auto spool = Open(absl::Seconds(1), 1);
  EXPECT_EQ(spool->stats().files, 0u);
  ASSERT_TRUE(spool->Evict(kStart + absl::Hours(10'000)).ok());
  EXPECT_EQ(ReadFile(elsewhere / name), "precious");
  EXPECT_FALSE(spool->Write(kStart, "x", kStart).ok());
  EXPECT_THAT(NamesIn(elsewhere.path()), ElementsAre(name));
}

TEST_F(SpoolTest, AHostDirectoryThatIsALinkIsRefused) {
  TemporaryDirectory elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), dir_ / "host");
  EXPECT_FALSE(Spool::Open({dir_.path(), "host"}).ok());
  EXPECT_THAT(NamesIn(elsewhere.path()), IsEmpty());
}

TEST_F(SpoolTest, RemovesWhatACrashLeftHalfWritten) {
  MakeFile(Host("2026-11-21/.profd-tmp-123-0"), "half");
  MakeFile(Host("2026-11-22/.profd-tmp-123-1"), "half");
  MakeFile(Host("2026-11-22/20261122T103000.123Z-cpu.pb.gz"), "whole");
  const auto spool = Open();
  EXPECT_EQ(spool->stats().temporaries_removed, 2u);
  EXPECT_THAT(NamesIn(dir_ / "host"), ElementsAre(".lock", "2026-11-22"));
  EXPECT_THAT(NamesIn(Host("2026-11-22")), ElementsAre("20261122T103000.123Z-cpu.pb.gz"));
}

TEST_F(SpoolTest, ASecondAgentIsToldWhoIsThere) {
  auto first = Open();
  const auto second = Spool::Open({dir_.path(), "host"});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat("PID ", getpid())));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(dir_ / "host"));
  EXPECT_TRUE(Spool::Open({dir_.path(), "other"}).ok());
  first.reset();
  EXPECT_TRUE(Spool::Open({dir_.path(), "host"}).ok());
}

TEST_F(SpoolTest, AKilledAgentLeavesNoLockBehind) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto spool = Spool::Open({dir_.path(), "host"});
    (void)!write(ready[1], spool.ok() ? "y" : "n", 1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(Spool::Open({dir_.path(), "host"}).ok());
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(Spool::Open({dir_.path(), "host"}).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SpoolTest, AFullDiskIsSaidAndEndsWhenThereIsRoom) {
  SmallDisk disk("64k");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs: " << disk.error();
  const auto spool = Spool::Open({disk.path(), "host", absl::InfiniteDuration(), 1 << 20});
  ASSERT_TRUE(spool.ok()) << spool.status();
  const auto full = (*spool)->Write(kStart, std::string(200'000, 'x'), kStart);
  EXPECT_EQ(full.status().code(), absl::StatusCode::kResourceExhausted) << full.status();
  EXPECT_THAT(NamesIn(disk.path() + "/host"), ElementsAre(".lock"));
  EXPECT_EQ((*spool)->stats().files, 0u);
  EXPECT_TRUE((*spool)->Write(kStart, "small", kStart).ok());
}

TEST_F(SpoolTest, AReadOnlyDiskIsSaidAtStart) {
  SmallDisk disk("64k");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs: " << disk.error();
  {
    const auto spool = Spool::Open({disk.path(), "host", absl::Hours(1), 1 << 20});
    ASSERT_TRUE(spool.ok() && (*spool)->Write(kStart, "x", kStart).ok());
  }
  ASSERT_TRUE(disk.MakeReadOnly());
  const auto spool = Spool::Open({disk.path(), "host", absl::Hours(1), 1 << 20});
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr("Read-only file system"));
}

TEST_F(SpoolTest, FilesThatSomebodyElseDeletedAreForgotten) {
  const auto spool = Open(absl::Hours(1));
  const auto path = spool->Write(kStart, "x", kStart);
  ASSERT_TRUE(path.ok());
  std::filesystem::remove_all(Host("2026-11-21"));
  EXPECT_TRUE(spool->Evict(kStart + absl::Hours(2)).ok());
  EXPECT_EQ(spool->stats().files, 0u);
  EXPECT_TRUE(spool->Write(kStart, "x", kStart).ok());
}

TEST_F(SpoolTest, TimesWithoutAFileNameAreRefused) {
  const auto spool = Open();
  for (const absl::Time time :
       {absl::InfinitePast(), absl::InfiniteFuture(), absl::FromUnixSeconds(400'000'000'000),
        absl::FromUnixSeconds(-99'999'999'999)}) {
    EXPECT_EQ(spool->Write(time, "x", kStart).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(SpoolTest, AMissingParentIsNamed) {
  const auto spool = Spool::Open({dir_ / "a/b", "host"});
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr(dir_ / "a/b"));
}

TEST(SanitizeHostTest, MakesOneSafeName) {
  EXPECT_EQ(SanitizeHost("web-1.example.org"), "web-1.example.org");
  EXPECT_EQ(SanitizeHost("../../etc"), "_._.._etc");
  EXPECT_EQ(SanitizeHost("."), "_");
  EXPECT_EQ(SanitizeHost(""), "unknown");
  EXPECT_EQ(SanitizeHost("a/b\n\xff"), "a_b__");
  EXPECT_EQ(SanitizeHost(std::string(1000, 'a')).size(), 200u);
}

}  // namespace
}  // namespace profd
