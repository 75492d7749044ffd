#include "symbolizer/native/native_symbolizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "symbolizer/native/perf_map.h"
#include "tests/symbolizer/native/target_process.h"

namespace profd {
namespace {

namespace fs = std::filesystem;

NativeSymbolizer::Options RefreshEvery(absl::Duration interval) {
  NativeSymbolizer::Options options;
  options.refresh_interval = interval;
  return options;
}

std::string FixtureName(const char* path) {
  const std::string name = fs::path(path).filename().string();
  return "[" + name.substr(0, name.find(".so")) + "]";
}

__attribute__((noinline)) int FunctionOfThisTest(int x) { return x * 5; }

TEST(NativeSymbolizer, NamesOwnFunctionsDemangled) {
  NativeSymbolizer symbolizer;
  const auto address = reinterpret_cast<uint64_t>(&FunctionOfThisTest);
  const ProcessKey self{getpid(), 1};
  const auto native = symbolizer.Resolve(self, address + 1);
  EXPECT_EQ(native.function->name, "profd::(anonymous namespace)::FunctionOfThisTest(int)");
  EXPECT_EQ(native.function->kind, FrameKind::kNative);
  EXPECT_EQ(native.function->file, fs::read_symlink("/proc/self/exe"));
  EXPECT_EQ(symbolizer.Resolve(self, address).function, native.function) << "one pointer";
}

TEST(NativeSymbolizer, NamesFunctionsOfAnotherProcessAndItsLibraries) {
  TargetProcess target;
  NativeSymbolizer symbolizer;
  const ProcessKey key{target.pid(), 1};
  const uint64_t own = target.Ask("self");
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work"));
  ASSERT_NE(own, 0u);
  ASSERT_NE(work, 0u);
  EXPECT_EQ(symbolizer.Resolve(key, own).function->name, "target_function");
  EXPECT_EQ(symbolizer.Resolve(key, work).function->name, "alpha_work");
  EXPECT_EQ(symbolizer.Resolve(key, work).function->file, FIXTURE_ALPHA);
}

TEST(NativeSymbolizer, FindFileTellsFileAndLinkedAddress) {
  TargetProcess target;
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work"));
  NativeSymbolizer symbolizer;
  const auto file = symbolizer.FindFile({target.pid(), 1}, work);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->path, FIXTURE_ALPHA);
  const auto elf = ElfFile::Open(FIXTURE_ALPHA);
  ASSERT_TRUE(elf.ok());
  EXPECT_EQ(file->linked_address, (*elf)->FindSymbols({"alpha_work"})[0]->address);
  EXPECT_EQ(file->identity, *IdentityOf((*elf)->descriptor()));
  EXPECT_EQ(symbolizer.FindFile({target.pid(), 1}, 0x10), std::nullopt);
}

TEST(NativeSymbolizer, AsksTheCallerWhereTheEvaluationLoopIs) {
  TargetProcess target;
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work"));
  const uint64_t own = target.Ask("self");
  const auto elf = ElfFile::Open(FIXTURE_ALPHA);
  ASSERT_TRUE(elf.ok());
  const FileIdentity interpreter = *IdentityOf((*elf)->descriptor());
  const uint64_t loop = (*elf)->FindSymbols({"alpha_work"})[0]->address;
  NativeSymbolizer::Options options;
  options.in_eval_loop = [&](const FileIdentity& file, uint64_t linked_address) {
    return file == interpreter && linked_address == loop;
  };
  NativeSymbolizer symbolizer(options);
  EXPECT_TRUE(symbolizer.Resolve({target.pid(), 1}, work).in_eval_loop);
  EXPECT_FALSE(symbolizer.Resolve({target.pid(), 1}, work + 1).in_eval_loop);
  EXPECT_FALSE(symbolizer.Resolve({target.pid(), 1}, own).in_eval_loop);
}

TEST(NativeSymbolizer, StrippedFunctionIsNamedByItsLibrary) {
  TargetProcess target;
  const uint64_t hidden = target.Ask(absl::StrCat("call ", FIXTURE_STRIPPED, " hidden_address"));
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_STRIPPED, " stripped_work"));
  ASSERT_NE(hidden, 0u);
  NativeSymbolizer symbolizer;
  const auto native = symbolizer.Resolve({target.pid(), 1}, hidden);
  EXPECT_EQ(native.function->name, FixtureName(FIXTURE_STRIPPED));
  EXPECT_EQ(native.function->file, FIXTURE_STRIPPED);
  EXPECT_NE(native.linked_address, 0u);
  EXPECT_EQ(symbolizer.Resolve({target.pid(), 1}, work).function->name, "stripped_work");
}

TEST(NativeSymbolizer, VdsoAnonymousAndUnmappedMemorySayWhatTheyAre) {
  TargetProcess target;
  NativeSymbolizer symbolizer;
  const ProcessKey key{target.pid(), 1};
  const uint64_t anonymous = target.Ask("anonymous");
  EXPECT_EQ(symbolizer.Resolve(key, anonymous).function->name, "[anonymous]");
  EXPECT_EQ(symbolizer.Resolve(key, 0x10).function->name, "[unknown]");
  if (const uint64_t vdso = target.Ask("vdso"); vdso != 0) {
    EXPECT_EQ(symbolizer.Resolve(key, vdso + 0x800).function->name, "[vdso]");
  }
}

TEST(NativeSymbolizer, PerfMapNamesAnonymousCode) {
  TargetProcess target;
  const uint64_t code = target.Ask("anonymous");
  const auto owner = ReadPerfMapOwner(target.pid());
  ASSERT_TRUE(owner.ok());
  const std::string path = absl::StrCat("/tmp/perf-", owner->namespace_pid, ".map");
  std::ofstream(path) << absl::StrCat(absl::Hex(code), " 100 py::work:/app/main.py\n");
  NativeSymbolizer symbolizer;
  const ProcessKey key{target.pid(), 1};
  EXPECT_EQ(symbolizer.Resolve(key, code + 0x10).function->name, "py::work:/app/main.py");
  EXPECT_EQ(symbolizer.Resolve(key, code + 0x200).function->name, "[anonymous]");
  fs::remove(path);
}

// Resolves `address` again and again, until it has that name or a second has passed.
bool IsNamedWithinASecond(NativeSymbolizer* symbolizer, const ProcessKey& key, uint64_t address,
                          const std::string& name) {
  const absl::Time end = absl::Now() + absl::Seconds(1);
  while (absl::Now() < end) {
    if (symbolizer->Resolve(key, address).function->name == name) return true;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return false;
}

TEST(NativeSymbolizer, LibraryLoadedLaterIsFoundAfterTheInterval) {
  TargetProcess target;
  NativeSymbolizer symbolizer(RefreshEvery(absl::ZeroDuration()));
  const ProcessKey key{target.pid(), 1};
  EXPECT_EQ(symbolizer.Resolve(key, target.Ask("self")).function->name, "target_function");
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_BETA, " beta_work"));
  // A read that took long is followed by a rest.
  EXPECT_TRUE(IsNamedWithinASecond(&symbolizer, key, work, "beta_work"));
}

TEST(NativeSymbolizer, LibraryLoadedLaterIsFoundLongBeforeTheInterval) {
  TargetProcess target;
  NativeSymbolizer symbolizer(RefreshEvery(absl::Hours(1)));
  const ProcessKey key{target.pid(), 1};
  symbolizer.Resolve(key, target.Ask("self"));
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_BETA, " beta_work"));
  EXPECT_TRUE(IsNamedWithinASecond(&symbolizer, key, work, "beta_work"));
}

TEST(NativeSymbolizer, MissesThatFindNothingReadMappingsLessAndLess) {
  TargetProcess target;
  NativeSymbolizer symbolizer(RefreshEvery(absl::Hours(1)));
  const ProcessKey key{target.pid(), 1};
  // Pauses of 20, 40, … 640 ms, and then one of 1.28 s.
  for (int second = 0; second < 2; ++second) {
    EXPECT_FALSE(IsNamedWithinASecond(&symbolizer, key, 0x10, "beta_work"));
  }
  const absl::Time end = absl::Now();
  const uint64_t work = target.Ask(absl::StrCat("load ", FIXTURE_BETA, " beta_work"));
  const std::string name = symbolizer.Resolve(key, work).function->name;
  if (absl::Now() - end > absl::Milliseconds(100)) GTEST_SKIP() << "the machine is overloaded";
  EXPECT_EQ(name, "[unknown]");
}

TEST(NativeSymbolizer, ProcessThatHasGoneKeepsTheNamesItHad) {
  TargetProcess target;
  NativeSymbolizer symbolizer(RefreshEvery(absl::ZeroDuration()));
  const ProcessKey key{target.pid(), 1};
  const uint64_t own = target.Ask("self");
  symbolizer.Resolve(key, own);
  target.End();
  EXPECT_EQ(symbolizer.Resolve(key, own).function->name, "target_function");
  EXPECT_EQ(symbolizer.Resolve(key, 0x10).function->name, "[unknown]");
  EXPECT_EQ(symbolizer.Resolve({key.pid, 2}, own).function->name, "[unknown]");
  EXPECT_EQ(symbolizer.FindFile({key.pid, 2}, own), std::nullopt);
  symbolizer.Forget(key);
  EXPECT_EQ(symbolizer.Resolve(key, own).function->name, "[unknown]");
}

// Pitfall 19
TEST(NativeSymbolizer, ReusedPidHasItsOwnNames) {
  NativeSymbolizer symbolizer(RefreshEvery(absl::ZeroDuration()));
  TargetProcess first;
  const ProcessKey old_key{first.pid(), 1};
  const uint64_t alpha = first.Ask(absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work"));
  EXPECT_EQ(symbolizer.Resolve(old_key, alpha).function->name, "alpha_work");
  first.End();
  usleep(20'000);  // two clock ticks: start times are told in ticks
  TargetProcess second(old_key.pid);
  if (second.pid() != old_key.pid) GTEST_SKIP() << "clone3 may not choose the PID here";
  const uint64_t beta = second.Ask(absl::StrCat("load ", FIXTURE_BETA, " beta_work"));
  EXPECT_EQ(symbolizer.Resolve({second.pid(), 2}, beta).function->name, "beta_work");
  EXPECT_EQ(symbolizer.Resolve(old_key, beta).function->name, "[unknown]");
  EXPECT_EQ(symbolizer.Resolve(old_key, alpha).function->name, "alpha_work");
}

// Pitfall 21
TEST(NativeSymbolizer, DeletedAndReplacedLibraryKeepsItsNames) {
  TempDirectory directory;
  const std::string path = directory.path() + "/lib.so";
  fs::copy_file(FIXTURE_ALPHA, path);
  TargetProcess target;
  const uint64_t alpha = target.Ask("load " + path + " alpha_work");
  ASSERT_NE(alpha, 0u);
  fs::remove(path);
  fs::copy_file(FIXTURE_BETA, path);
  TargetProcess other;
  const uint64_t beta = other.Ask("load " + path + " beta_work");
  NativeSymbolizer symbolizer;
  EXPECT_EQ(symbolizer.Resolve({other.pid(), 2}, beta).function->name, "beta_work");
  EXPECT_EQ(symbolizer.Resolve({target.pid(), 1}, alpha).function->name, "alpha_work");
  EXPECT_EQ(symbolizer.Resolve({target.pid(), 1}, alpha).function->file, path);
}

// Pitfall 34
TEST(NativeSymbolizer, SamePathInTwoRootsMeansTwoFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "chroot needs root";
  TempDirectory roots;
  fs::create_directories(roots.path() + "/a/lib");
  fs::create_directories(roots.path() + "/b/lib");
  fs::copy_file(FIXTURE_ALPHA, roots.path() + "/a/lib/same.so");
  fs::copy_file(FIXTURE_BETA, roots.path() + "/b/lib/same.so");
  TargetProcess a;
  TargetProcess b;
  ASSERT_EQ(a.Ask("chroot " + roots.path() + "/a"), 1u);
  ASSERT_EQ(b.Ask("chroot " + roots.path() + "/b"), 1u);
  const uint64_t alpha = a.Ask("load /lib/same.so alpha_work");
  const uint64_t beta = b.Ask("load /lib/same.so beta_work");
  ASSERT_NE(alpha, 0u);
  ASSERT_NE(beta, 0u);
  NativeSymbolizer symbolizer;
  EXPECT_EQ(symbolizer.Resolve({a.pid(), 1}, alpha).function->name, "alpha_work");
  EXPECT_EQ(symbolizer.Resolve({b.pid(), 2}, beta).function->name, "beta_work");
}

TEST(NativeSymbolizer, ObjectIsSharedByItsProcesses) {
  TargetProcess a;
  TargetProcess b;
  const std::string load = absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work");
  const uint64_t in_a = a.Ask(load);
  const uint64_t in_b = b.Ask(load);
  NativeSymbolizer symbolizer;
  EXPECT_EQ(symbolizer.Resolve({a.pid(), 1}, in_a).function,
            symbolizer.Resolve({b.pid(), 2}, in_b).function);
}

TEST(NativeSymbolizer, DroppedObjectsAreReadAgain) {
  TargetProcess target;
  NativeSymbolizer::Options options;
  options.object_cache_bytes = 8192;  // not even two of the fixtures
  NativeSymbolizer symbolizer(options);
  const ProcessKey key{target.pid(), 1};
  const uint64_t alpha = target.Ask(absl::StrCat("load ", FIXTURE_ALPHA, " alpha_work"));
  const uint64_t beta = target.Ask(absl::StrCat("load ", FIXTURE_BETA, " beta_work"));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(symbolizer.Resolve(key, alpha).function->name, "alpha_work");
    EXPECT_EQ(symbolizer.Resolve(key, beta).function->name, "beta_work");
  }
}

}  // namespace
}  // namespace profd
