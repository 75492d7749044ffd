#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "symbolizer/process/process.h"
#include "tests/symbolizer/process/child.h"

namespace profd {
namespace {

class RootedOpen : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: chroot, mount namespaces and map_files";
    std::string name = testing::TempDir() + "profd_rooted_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = std::filesystem::canonical(name);
    root_ = directory_ / "root";
    std::filesystem::create_directory(root_);
    Write(directory_ / "outside", "outside");
    Write(root_ / "inside", "inside");
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  static void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Contents(const absl::StatusOr<Descriptor>& file) {
    if (!file.ok()) return std::string(file.status().message());
    char bytes[64];
    const ssize_t got = pread(file->get(), bytes, sizeof(bytes), 0);
    return std::string(bytes, got > 0 ? static_cast<size_t>(got) : 0);
  }
  // A process whose root is root_.
  uint64_t EnterRoot() const { return chroot(root_.c_str()) == 0 && chdir("/") == 0; }

  std::filesystem::path directory_, root_;
};

TEST_F(RootedOpen, FindsFilesAsTheProcessSeesThem) {
  std::filesystem::create_symlink("/inside", root_ / "absolute");
  std::filesystem::create_symlink("../../inside", root_ / "relative");
  Child child([&] { return EnterRoot(); });
  ASSERT_EQ(child.ready_value(), 1u);
  EXPECT_EQ(Contents(OpenInRoot(child.pid(), "/inside")), "inside");
  EXPECT_EQ(Contents(OpenInRoot(child.pid(), "/absolute")), "inside");
  EXPECT_EQ(Contents(OpenInRoot(child.pid(), "/relative")), "inside");
}

TEST_F(RootedOpen, NeverLeavesTheRoot) {  // Pitfall 46
  std::filesystem::create_symlink(directory_ / "outside", root_ / "absolute");
  std::filesystem::create_symlink("../outside", root_ / "relative");
  Child child([&] { return EnterRoot(); });
  ASSERT_EQ(child.ready_value(), 1u);
  EXPECT_TRUE(absl::IsNotFound(OpenInRoot(child.pid(), "/absolute").status()));
  EXPECT_TRUE(absl::IsNotFound(OpenInRoot(child.pid(), "/relative").status()));
  EXPECT_TRUE(absl::IsNotFound(OpenInRoot(child.pid(), "/../outside").status()));
}

TEST_F(RootedOpen, RefusesMagicLinks) {  // Pitfall 46
  Child child([] { return 1; });
  const absl::Status status = OpenInRoot(child.pid(), "/proc/self/root/proc/version").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST_F(RootedOpen, RefusesWhatIsNotARegularFile) {  // Pitfall 46
  ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(root_ / "directory");
  std::filesystem::create_symlink("/fifo", root_ / "link");
  const bool has_device = mknod((root_ / "device").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0;
  Child child([&] { return EnterRoot(); });
  ASSERT_EQ(child.ready_value(), 1u);
  const auto start = std::chrono::steady_clock::now();
  for (const char* path : {"/fifo", "/link", "/directory", "/"}) {
    const absl::Status status = OpenInRoot(child.pid(), path).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << path << ": " << status;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  if (!has_device) GTEST_SKIP() << "no device nodes here; FIFO, link and directory were refused";
  EXPECT_TRUE(absl::IsInvalidArgument(OpenInRoot(child.pid(), "/device").status()));
}

TEST_F(RootedOpen, RefusesPathsThatAreNone) {
  EXPECT_TRUE(absl::IsNotFound(OpenInRoot(getpid(), "").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(OpenInRoot(getpid(), std::string("/proc/version\0x", 15)).status()));
  EXPECT_FALSE(OpenInRoot(getpid(), std::string(100000, 'x')).ok());
}

// Maps `path` and returns where.
uint64_t MapFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY);
  void* at = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  return at == MAP_FAILED ? 0 : reinterpret_cast<uint64_t>(at);
}

Mapping MappingAt(pid_t pid, uint64_t address) {
  auto mappings = ReadMappings(pid);
  if (!mappings.ok()) return {};
  for (const Mapping& mapping : *mappings) {
    if (mapping.start == address) return mapping;
  }
  return {};
}

TEST_F(RootedOpen, FindsDeletedAndReplacedFiles) {  // Pitfall 21
  Write(directory_ / "library", "first");
  Child child([&] { return MapFile(directory_ / "library"); });
  std::filesystem::remove(directory_ / "library");
  Write(directory_ / "library", "second");
  const Mapping mapping = MappingAt(child.pid(), child.ready_value());
  EXPECT_TRUE(mapping.deleted);
  EXPECT_EQ(mapping.path, (directory_ / "library").string());
  EXPECT_EQ(Contents(OpenMappedFile(child.pid(), mapping)), "first");
}

TEST_F(RootedOpen, NeverTakesAReplacedFileForTheMappedOne) {  // Pitfall 21
  Write(directory_ / "library", "first");
  Child child([&] { return MapFile(directory_ / "library"); });
  Mapping mapping = MappingAt(child.pid(), child.ready_value());
  ASSERT_NE(mapping.inode, 0u);
  mapping.start -= 1 << 20;  // a mapping that has gone: only the path is left
  mapping.end -= 1 << 20;
  EXPECT_EQ(Contents(OpenMappedFile(child.pid(), mapping)), "first");
  Write(directory_ / "new", "second");  // another inode while the first still exists
  std::filesystem::rename(directory_ / "new", directory_ / "library");
  EXPECT_TRUE(absl::IsNotFound(OpenMappedFile(child.pid(), mapping).status()));
}

TEST_F(RootedOpen, RefusesAMappedDevice) {  // Pitfall 46
  Child child([] {
    const int fd = open("/dev/zero", O_RDWR);
    void* at = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    return at == MAP_FAILED ? 0 : reinterpret_cast<uint64_t>(at);
  });
  const Mapping mapping = MappingAt(child.pid(), child.ready_value());
  if (mapping.inode == 0) GTEST_SKIP() << "/dev/zero has no inode in maps here";
  EXPECT_TRUE(absl::IsInvalidArgument(OpenMappedFile(child.pid(), mapping).status()));
}

TEST_F(RootedOpen, SeesAnotherMountNamespace) {
  const std::string file = directory_ / "mounted" / "library";
  std::filesystem::create_directory(directory_ / "mounted");
  Child child([&]() -> uint64_t {
    if (unshare(CLONE_NEWNS) != 0) return 0;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 0;
    if (mount("none", (directory_ / "mounted").c_str(), "tmpfs", 0, nullptr) != 0) return 0;
    Write(file, "hidden");
    return MapFile(file);
  });
  if (child.ready_value() == 0) GTEST_SKIP() << "no mount namespaces here";
  ASSERT_FALSE(std::filesystem::exists(file));
  Mapping mapping = MappingAt(child.pid(), child.ready_value());
  EXPECT_EQ(mapping.path, file);
  EXPECT_EQ(Contents(OpenMappedFile(child.pid(), mapping)), "hidden");
  EXPECT_EQ(Contents(OpenInRoot(child.pid(), file)), "hidden");
}

TEST_F(RootedOpen, OfAProcessThatHasGoneIsNotFound) {
  Child child([&] { return MapFile("/proc/self/exe"); });
  const pid_t pid = child.pid();
  const Mapping mapping = MappingAt(pid, child.ready_value());
  child.Kill();
  EXPECT_TRUE(absl::IsNotFound(OpenMappedFile(pid, mapping).status()));
  EXPECT_TRUE(absl::IsNotFound(OpenInRoot(pid, "/proc/version").status()));
}

}  // namespace
}  // namespace profd
