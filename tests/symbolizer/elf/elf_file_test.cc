#include "symbolizer/elf/elf_file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/symbolizer/elf/crafted_elf.h"

namespace profd {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

std::unique_ptr<ElfFile> OpenFixture(const char* path) { return ElfFile::Open(path).value(); }

std::multimap<std::string, uint64_t> Symbols(const ElfFile& elf) {
  std::multimap<std::string, uint64_t> result;
  elf.ForEachSymbol([&](const ElfSymbol& symbol) {
    result.emplace(symbol.name, symbol.address);
    return true;
  });
  return result;
}

TEST(ElfFile, KnowsWhatALibraryIs) {
  auto elf = OpenFixture(FIXTURE_GNU);
  EXPECT_TRUE(elf->position_independent());
  EXPECT_EQ(elf->build_id().size(), 40u);
  ASSERT_NE(elf->FindSection(".text"), nullptr);
  EXPECT_EQ(elf->FindSection(".no_such_section"), nullptr);
  auto executable = OpenFixture(FIXTURE_EXECUTABLE);
  EXPECT_FALSE(executable->position_independent());
}

TEST(ElfFile, FindsSymbolsWhereTheLoaderPutsThem) {
  for (const char* path : {FIXTURE_GNU, FIXTURE_SYSV}) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    link_map* map = nullptr;
    ASSERT_EQ(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
    auto elf = OpenFixture(path);
    const auto found = elf->FindSymbols({"profd_fixture_function", "no_such_symbol",
                                         "profd_fixture_variable", "profd_fixture_namesake",
                                         "profd_fixture_thread_local", "profd_fixture_function"});
    ASSERT_EQ(found.size(), 6u);
    for (size_t i : {0, 2, 3}) {
      ASSERT_TRUE(found[i].has_value()) << i;
      EXPECT_EQ(found[i]->address + map->l_addr,
                reinterpret_cast<uint64_t>(dlsym(library, found[i]->name.c_str())));
      EXPECT_EQ(found[i]->is_function, i != 2);
      EXPECT_GT(found[i]->size, 0u);
    }
    EXPECT_FALSE(found[1].has_value());
    EXPECT_FALSE(found[4].has_value()) << "an offset in thread-local storage is no address";
    EXPECT_EQ(found[5]->address, found[0]->address);
    dlclose(library);
  }
}

TEST(ElfFile, FindsDynamicSymbolsWithoutSectionHeaders) {
  for (const char* path : {FIXTURE_GNU, FIXTURE_SYSV}) {
    auto whole = OpenFixture(path);
    auto stripped = OpenBytes(WithoutSections(FileBytes(path))).value();
    EXPECT_TRUE(stripped->sections().empty());
    EXPECT_EQ(stripped->build_id(), whole->build_id());
    const auto symbols = Symbols(*stripped);
    for (const char* name : {"profd_fixture_function", "profd_fixture_variable",
                             "profd_fixture_other", "profd_fixture_namesake"}) {
      const auto expected = whole->FindSymbols({name});
      ASSERT_TRUE(expected[0].has_value());
      EXPECT_THAT(symbols, Contains(Pair(name, expected[0]->address))) << path;
      EXPECT_EQ(symbols.count(name), 1u);
    }
  }
}

TEST(ElfFile, ListsGlobalAndLocalNamesakes) {
  auto elf = OpenFixture(FIXTURE_GNU);
  const auto symbols = Symbols(*elf);
  // .dynsym has the global one, .symtab both.
  EXPECT_EQ(symbols.count("profd_fixture_namesake"), 3u);
  const auto dynamic = Symbols(*OpenBytes(WithoutSections(FileBytes(FIXTURE_GNU))).value());
  EXPECT_EQ(elf->FindSymbols({"profd_fixture_namesake"})[0]->address,
            dynamic.find("profd_fixture_namesake")->second);
}

TEST(ElfFile, StopsWhenTheCallbackSaysSo) {
  auto elf = OpenFixture(FIXTURE_GNU);
  int calls = 0;
  elf->ForEachSymbol([&](const ElfSymbol&) { return ++calls < 2; });
  EXPECT_EQ(calls, 2);
}

TEST(ElfFile, TellsCopiedVariables) {  // Pitfall 24
  auto executable = OpenFixture(FIXTURE_EXECUTABLE);
  EXPECT_TRUE(executable->HasCopyRelocation("profd_fixture_variable"));
  EXPECT_FALSE(executable->HasCopyRelocation("profd_fixture_function"));
  EXPECT_FALSE(executable->HasCopyRelocation("profd_fixture_other"));
  EXPECT_FALSE(executable->HasCopyRelocation(""));
  EXPECT_TRUE(executable->FindSymbols({"profd_fixture_variable"})[0].has_value());
  EXPECT_FALSE(OpenFixture(FIXTURE_GNU)->HasCopyRelocation("profd_fixture_variable"));
  auto stripped = OpenBytes(WithoutSections(FileBytes(FIXTURE_EXECUTABLE))).value();
  EXPECT_TRUE(stripped->HasCopyRelocation("profd_fixture_variable"));
}

TEST(ElfFile, FindsSymbolsOfRelocationsBehindTheRelativeOnes) {
  std::string bytes = FileBytes(FIXTURE_PIE);
  Elf64_Dyn count = {.d_tag = DT_RELACOUNT, .d_un = {}};
  const size_t at = bytes.find(std::string(reinterpret_cast<char*>(&count.d_tag), 8));
  ASSERT_NE(at, std::string::npos);
  std::memcpy(&count, &bytes[at], sizeof(count));
  ASSERT_GT(count.d_un.d_val, 0u);
#if defined(__x86_64__)
  EXPECT_TRUE(OpenBytes(bytes).value()->HasCopyRelocation("profd_fixture_variable"));
#endif
  count.d_un.d_val = UINT64_MAX;
  std::memcpy(&bytes[at], &count, sizeof(count));
  EXPECT_FALSE(OpenBytes(bytes).value()->HasCopyRelocation("profd_fixture_variable"));
}

TEST(ElfFile, ReadsInitialValuesAndZeroesBehindThem) {
  auto library = OpenFixture(FIXTURE_GNU);
  int value = 0;
  const uint64_t address = library->FindSymbols({"profd_fixture_variable"})[0]->address;
  ASSERT_TRUE(library->ReadAddress(address, &value, sizeof(value)).ok());
  EXPECT_EQ(value, 7);
  // The executable's copy is in its bss.
  auto executable = OpenFixture(FIXTURE_EXECUTABLE);
  const uint64_t copy = executable->FindSymbols({"profd_fixture_variable"})[0]->address;
  ASSERT_TRUE(executable->ReadAddress(copy, &value, sizeof(value)).ok());
  EXPECT_EQ(value, 0);
}

TEST(ElfFile, ReadsAcrossTheEndOfTheFilePart) {
  const uint64_t start = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
  auto elf = OpenBytes(CraftElf({LoadSegment(0x5000, start, 4, 8, PF_R)}, ET_DYN, "abcdefgh"));
  ASSERT_TRUE(elf.ok()) << elf.status();
  char bytes[9] = "........";
  ASSERT_TRUE((*elf)->ReadAddress(0x5002, bytes, 6).ok());
  EXPECT_EQ(std::string(bytes, 8), std::string("cd\0\0\0\0..", 8));
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadAddress(0x5002, bytes, 7)));
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadAddress(0x4fff, bytes, 1)));
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadAddress(0x5008, bytes, 1)));
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadAddress(UINT64_MAX, bytes, 2)));
  ASSERT_TRUE((*elf)->ReadOffset(start + 4, bytes, 4).ok());
  EXPECT_EQ(std::string(bytes, 4), "efgh");
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadOffset(start + 5, bytes, 4)));
  EXPECT_TRUE(absl::IsOutOfRange((*elf)->ReadOffset(UINT64_MAX, bytes, 1)));
}

TEST(ElfFile, SortsSegmentsByAddress) {
  auto elf = OpenBytes(CraftElf(
      {LoadSegment(0x9000, 0x1000, 1, 1, PF_R), LoadSegment(0x1000, 0, 1, 1, PF_R | PF_X)}));
  ASSERT_TRUE(elf.ok());
  ASSERT_EQ((*elf)->segments().size(), 2u);
  EXPECT_EQ((*elf)->segments()[0].address, 0x1000u);
  EXPECT_TRUE((*elf)->segments()[0].executable);
  EXPECT_EQ((*elf)->segments()[1].address, 0x9000u);
}

}  // namespace
}  // namespace profd
