#include "symbolizer/native/object_symbols.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace profd {
namespace {

std::unique_ptr<ElfFile> Open(const std::string& path) {
  auto elf = ElfFile::Open(path);
  EXPECT_TRUE(elf.ok()) << path << ": " << elf.status();
  return elf.ok() ? std::move(*elf) : nullptr;
}

std::string NameAt(const SymbolTable& table, uint64_t address) {
  const auto symbol = table.Find(address);
  return symbol ? std::string(symbol->name) : "none";
}

uint64_t LinkedAddress(const ElfFile& elf, const char* name) {
  const auto symbols = elf.FindSymbols({name});
  return symbols[0] ? symbols[0]->address : 0;
}

TEST(ObjectSymbols, KnowsExportedAndLocalFunctions) {
  const auto elf = Open(FIXTURE_ALPHA);
  ASSERT_NE(elf, nullptr);
  const SymbolTable table = ReadObjectSymbols(*elf);
  EXPECT_EQ(NameAt(table, LinkedAddress(*elf, "alpha_work") + 1), "alpha_work");
  bool hidden = false;
  elf->ForEachSymbol([&](const ElfSymbol& symbol) {
    hidden = hidden || (symbol.name.find("Hidden") != std::string::npos &&
                        NameAt(table, symbol.address) == symbol.name);
    return true;
  });
  EXPECT_TRUE(hidden);
}

TEST(ObjectSymbols, StrippedLibraryKeepsItsExportsOnly) {
  const auto elf = Open(FIXTURE_STRIPPED);
  ASSERT_NE(elf, nullptr);
  EXPECT_EQ(elf->FindSection(".symtab"), nullptr);
  const SymbolTable table = ReadObjectSymbols(*elf);
  EXPECT_EQ(NameAt(table, LinkedAddress(*elf, "stripped_work")), "stripped_work");
}

TEST(ObjectSymbols, AgreesWithTheDynamicLoader) {
  const char* names[] = {"malloc", "qsort", "getaddrinfo", "printf"};
  for (const char* name : names) {
    Dl_info info;
    struct link_map* map = nullptr;
    ASSERT_NE(
        dladdr1(dlsym(RTLD_DEFAULT, name), &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP),
        0);
    const auto elf = Open(info.dli_fname);
    ASSERT_NE(elf, nullptr);
    const SymbolTable table = ReadObjectSymbols(*elf);
    const uint64_t linked = reinterpret_cast<uint64_t>(info.dli_saddr) - map->l_addr;
    const auto symbol = table.Find(linked + 1);
    ASSERT_TRUE(symbol.has_value()) << name;
    EXPECT_EQ(symbol->address, linked) << name;
  }
}

// Stubs of the procedure linkage table as the disassembler names them: "name" by address.
std::map<uint64_t, std::string> StubsByObjdump(const std::string& path) {
  std::map<uint64_t, std::string> stubs;
  std::unique_ptr<FILE, int (*)(FILE*)> out(popen(("objdump -d '" + path + "'").c_str(), "r"),
                                            &pclose);
  char line[4096];
  while (std::fgets(line, sizeof(line), out.get()) != nullptr) {
    unsigned long long address;
    char name[4096];
    if (std::sscanf(line, "%llx <%4095[^>]>:", &address, name) != 2) continue;
    if (absl::EndsWith(name, "@plt")) stubs[address] = name;
  }
  return stubs;
}

TEST(ObjectSymbols, StubsHaveTheNamesOfWhatTheyCall) {
  std::vector<std::string> paths = absl::StrSplit(FIXTURES_WITH_STUBS, ':');
  Dl_info info;
  ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "__cxa_throw"), &info), 0);
  paths.emplace_back(info.dli_fname);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const auto elf = Open(path);
    ASSERT_NE(elf, nullptr);
    const SymbolTable table = ReadObjectSymbols(*elf);
    const auto stubs = StubsByObjdump(path);
    ASSERT_GE(stubs.size(), 3u);
    for (auto [address, name] : stubs) {
      const std::string function(absl::StripSuffix(name, "@plt"));
      if (LinkedAddress(*elf, function.c_str()) != 0) name = function;
      EXPECT_EQ(NameAt(table, address), name);
      EXPECT_EQ(NameAt(table, address + 7), name);
    }
    EXPECT_NE(NameAt(table, stubs.begin()->first - 1), NameAt(table, stubs.begin()->first));
    elf->ForEachPltStub([&](const PltStub& stub) {
      EXPECT_TRUE(stubs.contains(stub.address)) << stub.function;
      return true;
    });
  }
}

TEST(ObjectSymbols, NothingOutsideExecutableSegments) {
  const auto elf = Open(FIXTURE_ALPHA);
  ASSERT_NE(elf, nullptr);
  const SymbolTable table = ReadObjectSymbols(*elf);
  for (const ElfSegment& segment : elf->segments()) {
    if (segment.executable) continue;
    EXPECT_EQ(NameAt(table, segment.address + segment.memory_size / 2), "none");
  }
}

TEST(ObjectSymbols, LimitsHold) {
  const auto elf = Open(FIXTURE_ALPHA);
  ASSERT_NE(elf, nullptr);
  const SymbolTable table = ReadObjectSymbols(*elf, {.symbols = 2, .name_bytes = 1000});
  EXPECT_TRUE(table.truncated());
  size_t ends = elf->segments().size();  // of code count as entries too
  for (const ElfSection& section : elf->sections()) ends += section.address != 0;
  EXPECT_LE(table.size(), 2u + ends);
  EXPECT_LT(table.size(), ReadObjectSymbols(*elf).size());
}

}  // namespace
}  // namespace profd
