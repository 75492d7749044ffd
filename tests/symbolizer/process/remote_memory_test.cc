#include "symbolizer/process/remote_memory.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "symbolizer/process/abandonable.h"
#include "tests/symbolizer/process/child.h"
#include "tests/symbolizer/process/fake_memory.h"

namespace profd {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::unique_ptr<RemoteMemory> MemoryOf(pid_t pid) { return RemoteMemory::Create(pid).value(); }

template <typename T>
uint64_t AddressOf(const T& value) {
  return reinterpret_cast<uint64_t>(&value);
}

// A page whose first touch waits for ever; 0: userfaultfd is not allowed.
uint64_t BlockingPage() {
  const int fd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
  uffdio_api api = {UFFD_API, 0, 0};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0) return 0;
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uffdio_register range = {};
  range.range = {reinterpret_cast<uint64_t>(page), 4096};
  range.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (ioctl(fd, UFFDIO_REGISTER, &range) != 0) return 0;
  return reinterpret_cast<uint64_t>(page);
}

bool WaitUntil(const std::function<bool()>& condition) {
  const auto until = steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (steady_clock::now() > until) return false;
    usleep(1000);
  }
  return true;
}

TEST(RemoteMemory, ReadsOurOwn) {
  const uint64_t value = 0x0123456789abcdef;
  EXPECT_EQ(MemoryOf(getpid())->Get<uint64_t>(AddressOf(value)).value(), value);
}

TEST(RemoteMemory, ReadsAnotherProcess) {
  static uint64_t value = 1;
  Child child([] {
    value = 42;
    return AddressOf(value);
  });
  EXPECT_EQ(MemoryOf(child.pid())->Get<uint64_t>(child.ready_value()).value(), 42u);
  EXPECT_EQ(value, 1u);
}

TEST(RemoteMemory, FailsWhenAnyByteIsUnreadable) {
  char* pages = static_cast<char*>(
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  munmap(pages + 4096, 4096);
  auto memory = MemoryOf(getpid());
  const auto end = reinterpret_cast<uint64_t>(pages) + 4096;
  EXPECT_TRUE(memory->Get<uint64_t>(end - 8).ok());
  EXPECT_TRUE(absl::IsOutOfRange(memory->Get<uint64_t>(end - 4).status()));
  EXPECT_TRUE(absl::IsOutOfRange(memory->Get<uint64_t>(end).status()));
  for (uint64_t address : {uint64_t{0}, uint64_t{8}, uint64_t{1} << 63, UINT64_MAX - 3}) {
    EXPECT_TRUE(absl::IsOutOfRange(memory->Get<uint64_t>(address).status())) << address;
  }
  munmap(pages, 4096);
}

TEST(RemoteMemory, BoundsWhatIsAskedFor) {  // Pitfall 45
  auto memory = MemoryOf(getpid());
  std::vector<std::byte> large(RemoteMemory::kMaxReadBytes + 1);
  EXPECT_TRUE(absl::IsInvalidArgument(
      memory->Read(reinterpret_cast<uint64_t>(large.data()), absl::MakeSpan(large))));
  EXPECT_TRUE(memory->Read(8, {}).ok());
}

TEST(RemoteMemory, ReadsManyPiecesAndTellsOfEach) {
  std::vector<uint32_t> numbers(3000);
  std::iota(numbers.begin(), numbers.end(), 7);
  std::vector<uint32_t> copies(numbers.size());
  std::vector<ProcessMemory::Piece> pieces;
  for (size_t i = 0; i < numbers.size(); ++i) {
    // Every 97th points nowhere, and every 101st is empty.
    absl::Span<std::byte> out(reinterpret_cast<std::byte*>(&copies[i]), i % 101 == 0 ? 0 : 4);
    pieces.push_back({i % 97 == 0 ? 16 : AddressOf(numbers[i]), out});
  }
  const std::vector<absl::Status> result = MemoryOf(getpid())->ReadEach(pieces);
  ASSERT_EQ(result.size(), pieces.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i % 101 == 0) continue;
    EXPECT_EQ(result[i].ok(), i % 97 != 0) << i;
    EXPECT_EQ(copies[i], i % 97 == 0 ? 0 : numbers[i]) << i;
  }
}

TEST(RemoteMemory, OfAProcessThatHasGoneIsNotFound) {
  Child child([] { return 1; });
  const pid_t pid = child.pid();
  auto memory = MemoryOf(pid);
  int local = 0;
  EXPECT_TRUE(memory->Get<int>(AddressOf(local)).ok());
  kill(pid, SIGKILL);
  ASSERT_TRUE(WaitUntil([&] { return !memory->Get<int>(AddressOf(local)).ok(); }));
  EXPECT_TRUE(absl::IsNotFound(memory->Get<int>(AddressOf(local)).status())) << "a zombie";
  child.Kill();
  EXPECT_TRUE(absl::IsNotFound(memory->Get<int>(AddressOf(local)).status()));
  auto again = RemoteMemory::Create(pid);
  EXPECT_TRUE(absl::IsNotFound(again.status())) << again.status();
}

TEST(RemoteMemory, NeverReadsThePidsNextOwner) {  // Pitfall 19
  Child first([] { return 1; });
  pid_t pid = first.pid();
  auto memory = MemoryOf(pid);
  int local = 0;
  ASSERT_TRUE(memory->Get<int>(AddressOf(local)).ok());
  first.Kill();
  clone_args arguments = {};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<uint64_t>(&pid);
  arguments.set_tid_size = 1;
  const long second = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (second == 0) {
    while (true) pause();
  }
  if (second < 0) GTEST_SKIP() << "clone3 cannot choose a PID here: " << strerror(errno);
  ASSERT_EQ(second, pid);
  EXPECT_TRUE(absl::IsNotFound(memory->Get<int>(AddressOf(local)).status()));
  EXPECT_TRUE(MemoryOf(pid)->Get<int>(AddressOf(local)).ok());
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(RemoteMemory, SurvivesTheEndOfTheMainThread) {  // Pitfall 18
  static uint64_t value = 77;
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
  ASSERT_TRUE(
      WaitUntil([&] { return access(absl::StrCat("/proc/", pid, "/exe").c_str(), F_OK) != 0; }));
  auto memory = MemoryOf(pid);
  EXPECT_EQ(memory->Get<uint64_t>(AddressOf(value)).value_or(0), 77u);
  EXPECT_EQ(memory->Get<uint64_t>(AddressOf(value)).value_or(0), 77u);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(absl::IsNotFound(memory->Get<uint64_t>(AddressOf(value)).status()));
  close(ends[0]);
  close(ends[1]);
}

TEST(RemoteMemory, GivesUpAPageThatBlocksAndOthersGoOn) {  // Pitfall 44
  Child hostile(BlockingPage);
  if (hostile.ready_value() == 0) GTEST_SKIP() << "userfaultfd is not allowed here";
  auto blocked = RemoteMemory::Create(hostile.pid()).value();
  auto healthy = RemoteMemory::Create(getpid()).value();
  const uint64_t value = 5;

  absl::Status status;
  const auto start = steady_clock::now();
  std::thread reader([&] { status = blocked->Get<uint64_t>(hostile.ready_value()).status(); });
  milliseconds slowest{0};
  int reads = 0;
  while (steady_clock::now() - start < milliseconds(800)) {
    const auto before = steady_clock::now();
    ASSERT_EQ(healthy->Get<uint64_t>(AddressOf(value)).value_or(0), value);
    slowest =
        std::max(slowest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - before));
    ++reads;
  }
  reader.join();
  const auto took = steady_clock::now() - start;
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_GT(took, milliseconds(900));
  EXPECT_LT(took, milliseconds(1900));
  EXPECT_LT(slowest, milliseconds(500));
  EXPECT_GT(reads, 100);
  EXPECT_TRUE(blocked->blocked());
  EXPECT_EQ(AbandonedCalls(), 1);

  // The same process again: at once, and no further thread.
  const auto again = steady_clock::now();
  const uint64_t readable = AddressOf(value);
  EXPECT_TRUE(absl::IsDeadlineExceeded(blocked->Get<uint64_t>(readable).status()));
  EXPECT_LT(steady_clock::now() - again, milliseconds(200));
  EXPECT_EQ(AbandonedCalls(), 1);

  // The blocked thread outlives what it was started for, and ends with the page.
  blocked.reset();
  hostile.Kill();
  EXPECT_TRUE(WaitUntil([&] { return AbandonedCalls() == 0; }));
  EXPECT_EQ(healthy->Get<uint64_t>(AddressOf(value)).value_or(0), value);
}

TEST(RemoteMemory, IsLeftAloneWhileAnotherCallForItBlocks) {  // Pitfall 44
  Child hostile(BlockingPage);
  if (hostile.ready_value() == 0) GTEST_SKIP() << "userfaultfd is not allowed here";
  auto first = RemoteMemory::Create(hostile.pid(), absl::Milliseconds(200)).value();
  auto second = RemoteMemory::Create(hostile.pid()).value();
  EXPECT_TRUE(absl::IsDeadlineExceeded(first->Get<uint64_t>(hostile.ready_value()).status()));
  EXPECT_TRUE(absl::IsUnavailable(second->Get<uint64_t>(hostile.ready_value()).status()));
  EXPECT_FALSE(second->blocked()) << "it was never tried";
  EXPECT_EQ(AbandonedCalls(), 1);
  hostile.Kill();
  ASSERT_TRUE(WaitUntil([] { return AbandonedCalls() == 0; }));
  EXPECT_TRUE(absl::IsNotFound(second->Get<uint64_t>(hostile.ready_value()).status()));
}

TEST(RemoteMemory, IsVisitedForManyReads) {
  static uint64_t value = 7;
  static uint64_t* pointer = &value;
  Child child([] { return AddressOf(pointer); });
  auto memory = MemoryOf(child.pid());
  auto read = std::make_shared<uint64_t>(0);
  ASSERT_TRUE(memory
                  ->Visit([read, at = child.ready_value()](ProcessMemory& there) {
                    const uint64_t address = there.Get<uint64_t>(at).value_or(0);
                    *read = there.Get<uint64_t>(address).value_or(0);
                  })
                  .ok());
  EXPECT_EQ(*read, value);
  child.Kill();
  auto gone = std::make_shared<absl::Status>();
  ASSERT_TRUE(memory
                  ->Visit([gone, at = child.ready_value()](ProcessMemory& there) {
                    *gone = there.Get<uint64_t>(at).status();
                  })
                  .ok());
  EXPECT_TRUE(absl::IsNotFound(*gone)) << *gone;
}

TEST(RemoteMemory, LeavesAVisitBehindThatBlocks) {  // Pitfall 44
  Child hostile(BlockingPage);
  if (hostile.ready_value() == 0) GTEST_SKIP() << "userfaultfd is not allowed here";
  auto memory = RemoteMemory::Create(hostile.pid(), absl::Milliseconds(200)).value();
  EXPECT_TRUE(absl::IsDeadlineExceeded(memory->Visit(
      [at = hostile.ready_value()](ProcessMemory& there) { (void)there.Get<uint64_t>(at); })));
  EXPECT_TRUE(memory->blocked());
  memory.reset();  // the thread that was left behind still has what it reads
  hostile.Kill();
  EXPECT_TRUE(WaitUntil([] { return AbandonedCalls() == 0; }));
}

TEST(RemoteMemory, IsReadByManyThreadsAtOnce) {
  auto memory = RemoteMemory::Create(getpid()).value();
  std::vector<uint64_t> values(4);
  std::iota(values.begin(), values.end(), 100);
  std::vector<std::thread> readers;
  std::atomic<int> right = 0;
  for (const uint64_t& value : values) {
    readers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        right += memory->Get<uint64_t>(AddressOf(value)).value_or(0) == value;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(right, 2000);
  EXPECT_EQ(AbandonedCalls(), 0);
}

TEST(FakeMemory, ReadsWhatWasWrittenAndNothingElse) {
  FakeMemory memory;
  memory.Put<uint32_t>(0x1000, 7);
  memory.Put<uint32_t>(0x1004, 9);
  EXPECT_EQ(memory.Get<uint32_t>(0x1004).value(), 9u);
  EXPECT_EQ(memory.Get<uint64_t>(0x1000).value(), 7u | (uint64_t{9} << 32));
  EXPECT_TRUE(absl::IsOutOfRange(memory.Get<uint64_t>(0x1004).status()));
  memory.Erase(0x1002, 1);
  EXPECT_TRUE(absl::IsOutOfRange(memory.Get<uint32_t>(0x1000).status()));
  memory.FailWith(absl::DeadlineExceededError("blocked"));
  EXPECT_TRUE(absl::IsDeadlineExceeded(memory.Get<uint32_t>(0x1004).status()));
  EXPECT_EQ(memory.reads(), 5);
}

}  // namespace
}  // namespace profd
