#include "symbolizer/native/kernel_symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace profd {
namespace {

// What /proc/kallsyms itself says, read without BCC.
std::optional<uint64_t> AddressOf(const std::string& wanted, std::string* module = nullptr) {
  std::ifstream kallsyms("/proc/kallsyms");
  for (std::string line; std::getline(kallsyms, line);) {
    std::istringstream words(line);
    std::string address, type, name, in;
    words >> address >> type >> name >> in;
    if (wanted.empty() ? (in.empty() || (type != "t" && type != "T")) : name != wanted) continue;
    if (module != nullptr) *module = in;
    return std::stoull(address, nullptr, 16);
  }
  return std::nullopt;
}

class KernelSymbolsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (AddressOf("schedule").value_or(0) == 0) GTEST_SKIP() << "the kernel hides its addresses";
  }
};

TEST_F(KernelSymbolsTest, NamesKernelFunctions) {
  KernelSymbols kernel = KernelSymbols::Load();
  ASSERT_TRUE(kernel.status().ok()) << kernel.status();
  for (const char* name : {"schedule", "vfs_read", "do_exit"}) {
    const auto address = AddressOf(name);
    if (!address) continue;
    const auto function = kernel.Resolve(*address + 1);
    EXPECT_EQ(function->name, name);
    EXPECT_EQ(function->file, "[kernel.kallsyms]");
    EXPECT_EQ(function->kind, FrameKind::kKernel);
    EXPECT_EQ(function, kernel.Resolve(*address + 2)) << "one function, one pointer";
  }
}

TEST_F(KernelSymbolsTest, NamesTheModuleOfItsFunctions) {
  std::string module;
  const auto address = AddressOf("", &module);
  if (!address) GTEST_SKIP() << "no module and no BPF program is loaded";
  KernelSymbols kernel = KernelSymbols::Load();
  EXPECT_EQ(kernel.Resolve(*address)->file, module);
}

TEST_F(KernelSymbolsTest, AddressesOfNoFunctionAreJustKernel) {
  KernelSymbols kernel = KernelSymbols::Load();
  EXPECT_EQ(kernel.Resolve(0xffff000000000000)->name, "[kernel]");
  EXPECT_EQ(kernel.Resolve(0)->name, "[kernel]");
}

TEST_F(KernelSymbolsTest, IsReadAgainForANewAddressEverMoreSeldom) {
  std::chrono::steady_clock::time_point now;
  KernelSymbols kernel = KernelSymbols::Load([&now] { return now; });
  const uint64_t nobodys = 0xffff000000000000;
  const auto loads_after = [&](std::chrono::minutes time) {
    now += time;
    kernel.Resolve(nobodys);
    return kernel.loads();
  };
  using std::chrono::minutes;
  EXPECT_EQ(loads_after(minutes(0)), 1);
  EXPECT_EQ(loads_after(minutes(1)), 2);
  EXPECT_EQ(loads_after(minutes(1)), 2);
  EXPECT_EQ(loads_after(minutes(1)), 3);
  EXPECT_EQ(loads_after(minutes(2)), 3);
  for (int i = 0; i < 10; ++i) now += minutes(60), kernel.Resolve(nobodys);
  const int loads = kernel.loads();
  EXPECT_EQ(loads_after(minutes(59)), loads);
  EXPECT_EQ(loads_after(minutes(1)), loads + 1);
  kernel.Resolve(1);
  EXPECT_EQ(kernel.Resolve(*AddressOf("schedule") + 1)->name, "schedule");
}

TEST_F(KernelSymbolsTest, TableStaysSmall) {
  const KernelSymbols kernel = KernelSymbols::Load();
  EXPECT_GT(kernel.size(), 1000u);
  EXPECT_LT(kernel.bytes() / kernel.size(), 64u);
  EXPECT_LT(kernel.bytes(), size_t{12} << 20);
}

int LoadUnprivileged() {
  if (setresuid(65534, 65534, 65534) != 0) return 1;
  KernelSymbols kernel = KernelSymbols::Load();
  if (kernel.status().ok() || kernel.size() != 0) return 2;
  return kernel.Resolve(0xffffffff81000000)->name == "[kernel]" ? 0 : 3;
}

TEST(KernelSymbols, HiddenAddressesAreSaidAndNotFatal) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give it up";
  const pid_t child = fork();
  if (child == 0) _exit(LoadUnprivileged());
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(KernelSymbols, LinkingBccDoesNotLoadLlvm) {
  std::ifstream maps("/proc/self/maps");
  std::stringstream text;
  text << maps.rdbuf();
  EXPECT_THAT(text.str(), testing::Not(testing::HasSubstr("libLLVM")));
  EXPECT_THAT(text.str(), testing::Not(testing::HasSubstr("libclang")));
  EXPECT_THAT(text.str(), testing::Not(testing::HasSubstr("libbcc.so")));
}

}  // namespace
}  // namespace profd
