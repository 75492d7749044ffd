// The start functions of each interpreter, watched with uprobes while it starts.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "symbolizer/process/descriptor.h"
#include "tests/symbolizer/cpython/interpreters.h"
#include "tests/symbolizer/cpython/live_interpreter.h"

namespace profd {
namespace {

using testing::Interpreter;

// A process that waits until it is told to go on.
class HeldProcess {
 public:
  explicit HeldProcess(const std::function<void()>& body) {
    int gate[2];
    EXPECT_EQ(pipe2(gate, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      char go;
      if (read(gate[0], &go, 1) == 1) body();
      _exit(1);
    }
    close(gate[0]);
    gate_ = Descriptor(gate[1]);
  }
  ~HeldProcess() { Finish(); }
  pid_t pid() const { return pid_; }
  int Finish() {
    if (pid_ < 0) return status_;
    EXPECT_EQ(write(gate_.get(), "g", 1), 1);
    waitpid(pid_, &status_, 0);
    pid_ = -1;
    return status_;
  }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  Descriptor gate_;
};

// Counts and times the passes of a process through one place of a file.
class Uprobe {
 public:
  Uprobe(const std::string& path, uint64_t offset, pid_t pid) {
    int type = -1;
    std::ifstream("/sys/bus/event_source/devices/uprobe/type") >> type;
    perf_event_attr attr{};
    attr.size = sizeof(attr);
    attr.type = static_cast<uint32_t>(type);
    attr.config1 = reinterpret_cast<uint64_t>(path.c_str());
    attr.config2 = offset;
    attr.sample_period = 1;
    attr.sample_type = PERF_SAMPLE_TIME;
    event_ = Descriptor(
        static_cast<int>(syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC)));
    if (type < 0 || !event_.valid()) return;
    void* ring = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, event_.get(), 0);
    if (ring != MAP_FAILED) ring_ = static_cast<const char*>(ring);
  }
  ~Uprobe() {
    if (ring_ != nullptr) munmap(const_cast<char*>(ring_), 2 * kPage);
  }
  bool valid() const { return ring_ != nullptr; }
  uint64_t Count() const {
    uint64_t count = 0;
    return read(event_.get(), &count, sizeof(count)) == sizeof(count) ? count : 0;
  }
  // 0: never.
  uint64_t FirstTime() const {
    perf_event_header header;
    uint64_t time = 0;
    const auto* control = reinterpret_cast<const perf_event_mmap_page*>(ring_);
    if (control->data_head < sizeof(header) + sizeof(time)) return 0;
    std::memcpy(&header, ring_ + kPage, sizeof(header));
    EXPECT_EQ(header.type, unsigned{PERF_RECORD_SAMPLE});
    std::memcpy(&time, ring_ + kPage + sizeof(header), sizeof(time));
    return time;
  }

 private:
  static constexpr size_t kPage = 4096;
  Descriptor event_;
  const char* ring_ = nullptr;
};

uint64_t FileOffset(const ElfFile& elf, uint64_t address) {
  for (const ElfSegment& segment : elf.segments()) {
    if (address >= segment.address && address - segment.address < segment.file_size) {
      return address - segment.address + segment.offset;
    }
  }
  ADD_FAILURE() << "no segment holds " << address;
  return 0;
}

class StartFunctions : public ::testing::TestWithParam<Interpreter> {
 protected:
  void SetUp() override {
    testing::PythonProgram program(GetParam(),
                                   "import sys; print(1, flush=True)\n"
                                   "sys.stdin.readline()");
    program.ReadLine();
    auto live = testing::FindLiveInterpreter(program.pid());
    ASSERT_TRUE(live.ok()) << live.status();
    path_ = live->path;
    image_ = live->image;
  }

  // Runs `body` in a process of its own and checks that it goes through a start function, few
  // times, before it evaluates bytecode.
  void ExpectStartsThroughThem(const std::function<void()>& body) {
    auto elf = ElfFile::Open(path_);
    ASSERT_TRUE(elf.ok());
    HeldProcess process(body);
    const Uprobe eval(path_, FileOffset(**elf, EvalEntry(**elf)), process.pid());
    std::vector<std::unique_ptr<Uprobe>> starts;
    for (uint64_t address : image_.start_functions) {
      starts.push_back(std::make_unique<Uprobe>(path_, FileOffset(**elf, address), process.pid()));
    }
    if (!eval.valid() || !starts.front()->valid()) GTEST_SKIP() << "uprobes are not allowed here";
    EXPECT_EQ(process.Finish(), 0);
    uint64_t first = 0;
    for (const auto& start : starts) {
      if (first == 0) first = start->FirstTime();
      EXPECT_LE(start->Count(), 3u) << "too dear to probe";
    }
    ASSERT_NE(first, 0u) << "no start function was called";
    ASSERT_NE(eval.FirstTime(), 0u);
    EXPECT_LT(first, eval.FirstTime());
  }

  static uint64_t EvalEntry(const ElfFile& elf) {
    const auto symbols = elf.FindSymbols({"_PyEval_EvalFrameDefault"});
    EXPECT_TRUE(symbols[0].has_value());
    return symbols[0] ? symbols[0]->address : 0;
  }

  std::string path_;
  InterpreterImage image_;
};

TEST_P(StartFunctions, RunBeforePythonCodeInTheExecutable) {
  const Interpreter& python = GetParam();
  ExpectStartsThroughThem([&python] {
    if (!python.root.empty() && (chroot(python.root.c_str()) != 0 || chdir("/") != 0)) return;
    execl(python.path.c_str(), python.path.c_str(), "-c", "pass", nullptr);
  });
}

TEST_P(StartFunctions, RunBeforePythonCodeInAnEmbedder) {
  if (path_.find(".so") == std::string::npos) GTEST_SKIP() << "no shared library";
  for (const char* initialize : {"Py_Initialize", "Py_InitializeEx"}) {
    ExpectStartsThroughThem([&] {
      setenv("PYTHONHOME", path_.substr(0, path_.rfind("/lib/")).c_str(), 1);
      void* library = dlopen(path_.c_str(), RTLD_NOW | RTLD_GLOBAL);
      void* function = library == nullptr ? nullptr : dlsym(library, initialize);
      if (function == nullptr) _exit(2);
      reinterpret_cast<void (*)(int)>(function)(0);
      _exit(0);
    });
  }
}

std::string TestName(const ::testing::TestParamInfo<Interpreter>& info) {
  std::string name = info.param.ToString();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StartFunctions);
INSTANTIATE_TEST_SUITE_P(All, StartFunctions, ::testing::ValuesIn(testing::Interpreters()),
                         TestName);

}  // namespace
}  // namespace profd
