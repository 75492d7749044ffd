#include "userspace/export/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/userspace/export/small_disk.h"
#include "tests/userspace/export/temporary_directory.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AtomicFileTest, WritesAndReplaces) {
  TemporaryDirectory dir;
  ASSERT_TRUE(WriteFile(dir / "a", "one").ok());
  EXPECT_EQ(ReadFile(dir / "a"), "one");
  ASSERT_TRUE(WriteFile(dir / "a", std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(ReadFile(dir / "a"), std::string(1 << 20, 'x'));
  EXPECT_THAT(NamesIn(dir.path()), ElementsAre("a"));
}

TEST(AtomicFileTest, CanRefuseToReplace) {
  TemporaryDirectory dir;
  ASSERT_TRUE(WriteFile(dir / "a", "one").ok());
  const absl::Status status = WriteFile(dir / "a", "two", {.if_exists = IfExists::kFail});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_EQ(ReadFile(dir / "a"), "one");
  EXPECT_THAT(NamesIn(dir.path()), ElementsAre("a"));
}

TEST(AtomicFileTest, OthersCannotReadProfiles) {
  TemporaryDirectory dir;
  ASSERT_TRUE(WriteFile(dir / "a", "one").ok());
  struct stat facts;
  ASSERT_EQ(stat((dir / "a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07, 0u);
}

TEST(AtomicFileTest, ReplacesASymbolicLinkInsteadOfWritingThroughIt) {
  TemporaryDirectory dir;
  MakeFile(dir / "precious", "keep");
  std::filesystem::create_symlink(dir / "precious", dir / "a");
  ASSERT_TRUE(WriteFile(dir / "a", "one").ok());
  EXPECT_EQ(ReadFile(dir / "precious"), "keep");
  EXPECT_EQ(ReadFile(dir / "a"), "one");
}

TEST(AtomicFileTest, RefusesWhatIsNoName) {
  TemporaryDirectory dir;
  EXPECT_EQ(WriteFile(dir.path() + "/", "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteFile(dir / "..", "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteFileAt(AT_FDCWD, "a/b", "x").code(), absl::StatusCode::kInvalidArgument);
}

TEST(AtomicFileTest, AMissingDirectoryIsNamed) {
  TemporaryDirectory dir;
  const absl::Status status = WriteFile(dir / "none/a", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(dir / "none"));
}

TEST(AtomicFileTest, AFullDiskIsSaidAndLeavesTheOldFile) {
  SmallDisk disk("64k");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs: " << disk.error();
  ASSERT_TRUE(WriteFile(disk.path() + "/a", "old").ok());
  const absl::Status status = WriteFile(disk.path() + "/a", std::string(1 << 20, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left on device"));
  EXPECT_EQ(ReadFile(disk.path() + "/a"), "old");
  EXPECT_THAT(NamesIn(disk.path()), ElementsAre("a"));
}

TEST(AtomicFileTest, AReadOnlyFileSystemIsSaid) {
  SmallDisk disk("64k");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs: " << disk.error();
  ASSERT_TRUE(disk.MakeReadOnly());
  const absl::Status status = WriteFile(disk.path() + "/a", "x");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("Read-only file system"));
  EXPECT_THAT(NamesIn(disk.path()), IsEmpty());
}

// The writer dies at a random moment, again and again: readers see one whole version or the other.
TEST(AtomicFileTest, IsWholeWhateverKillsTheWriter) {
  TemporaryDirectory dir;
  const std::string a(300'000, 'a'), b(300'000, 'b');
  ASSERT_TRUE(WriteFile(dir / "f", a).ok());
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (;;) (void)(WriteFile(dir / "f", b).ok() && WriteFile(dir / "f", a).ok());
    }
    usleep(static_cast<useconds_t>(500 + 97 * i));
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const std::string seen = ReadFile(dir / "f");
    ASSERT_TRUE(seen == a || seen == b) << seen.size();
  }
}

}  // namespace
}  // namespace profd
