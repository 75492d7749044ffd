// Files that a stranger maps executable to harm the agent.
#include <elf.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "symbolizer/native/native_symbolizer.h"
#include "tests/symbolizer/native/target_process.h"

namespace profd {
namespace {

std::string FixtureBytes() {
  std::ifstream file(FIXTURE_ALPHA, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Elf64_Shdr> SectionHeaders(const std::string& elf) {
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof(header));
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::memcpy(sections.data(), elf.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  return sections;
}

void SetSectionHeaders(std::string* elf, const std::vector<Elf64_Shdr>& sections) {
  Elf64_Ehdr header;
  std::memcpy(&header, elf->data(), sizeof(header));
  std::memcpy(elf->data() + header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr));
}

size_t StatusKib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    size_t kib = 0;
    if (word == field + ":" && status >> kib) return kib;
  }
  return 0;
}

class HostileObjects : public testing::Test {
 protected:
  // Maps `bytes` (made `size` bytes long, sparse) in the target and names an address there.
  std::string NameOf(const std::string& bytes, uint64_t size = 0) {
    const std::string path = absl::StrCat(directory_.path(), "/evil", ++files_, ".so");
    std::ofstream(path, std::ios::binary) << bytes;
    if (size > 0) std::filesystem::resize_file(path, size);
    const uint64_t address = target_.Ask("map " + path);
    EXPECT_NE(address, 0u);
    return symbolizer_.Resolve({target_.pid(), 1}, address + 0x20).function->name;
  }

  TempDirectory directory_;
  TargetProcess target_;
  NativeSymbolizer symbolizer_{{.refresh_interval = absl::ZeroDuration()}};
  int files_ = 0;
};

TEST_F(HostileObjects, GarbageIsNamedByItsFile) {
  EXPECT_EQ(NameOf(std::string(8192, 'x')), "[evil1]");
  EXPECT_EQ(NameOf(std::string("\177ELF\2\1\1") + std::string(8192, '\xff')), "[evil2]");
  EXPECT_EQ(NameOf(FixtureBytes().substr(0, 4096)), "[evil3]");
}

// Pitfall 45
TEST_F(HostileObjects, SymbolTableWithEntriesOfNoSizeIsHarmless) {
  std::string elf = FixtureBytes();
  auto sections = SectionHeaders(elf);
  for (auto& section : sections) section.sh_entsize = 0;
  SetSectionHeaders(&elf, sections);
  EXPECT_NE(NameOf(elf), "[unknown]");
}

// Pitfall 45
TEST_F(HostileObjects, GigabytesOfForgedSymbolsLeaveMemoryFlat) {
  std::string elf = FixtureBytes();
  auto sections = SectionHeaders(elf);
  for (auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    section.sh_size = uint64_t{2} << 30;
    section.sh_size -= section.sh_size % sizeof(Elf64_Sym);
    sections[section.sh_link].sh_size = uint64_t{2} << 30;
  }
  SetSectionHeaders(&elf, sections);
  NameOf(FixtureBytes());
  std::ofstream("/proc/self/clear_refs") << "5";  // resets the peak
  [[maybe_unused]] const size_t before = StatusKib("VmRSS");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(NameOf(elf, uint64_t{3} << 30).substr(0, 1), "[");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(StatusKib("VmHWM"), before + (size_t{64} << 10));
#endif
}

// Pitfall 45: a table of as many real functions as fit, with the longest names.
TEST_F(HostileObjects, CacheBoundHoldsForManyLongNames) {
  std::string elf = FixtureBytes();
  auto sections = SectionHeaders(elf);
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof(header));
  uint64_t code = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    char* at = elf.data() + header.e_phoff + i * sizeof(segment);
    std::memcpy(&segment, at, sizeof(segment));
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    code = segment.p_vaddr;
    segment.p_memsz = 1 << 24;
    std::memcpy(at, &segment, sizeof(segment));
  }
  constexpr int kSymbols = 400'000;
  std::string names(1, '\0');
  std::vector<Elf64_Sym> symbols(1);
  for (int i = 0; i < kSymbols; ++i) {
    Elf64_Sym symbol{};
    symbol.st_name = names.size();
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = 1;
    symbol.st_value = code + i;
    symbol.st_size = 1;
    symbols.push_back(symbol);
    absl::StrAppend(&names, "n", i, std::string(200, 'x'));
    names.push_back('\0');
  }
  for (auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    section.sh_offset = elf.size();
    section.sh_size = symbols.size() * sizeof(Elf64_Sym);
    elf.append(reinterpret_cast<const char*>(symbols.data()), section.sh_size);
    sections[section.sh_link].sh_offset = elf.size();
    sections[section.sh_link].sh_size = names.size();
    elf.append(names);
    break;
  }
  SetSectionHeaders(&elf, sections);
  names.clear();
  NameOf(elf);
  EXPECT_GT(symbolizer_.bytes(), size_t{8} << 20) << "the table was not read";
  EXPECT_LE(symbolizer_.bytes(), size_t{32} << 20);
}

// Pitfall 47
TEST_F(HostileObjects, DamagedHeadersNeverStopTheAgent) {
  const std::string good = FixtureBytes();
  std::mt19937_64 random(20240229);
  for (int round = 0; round < 300; ++round) {
    std::string elf = good;
    auto sections = SectionHeaders(elf);
    for (int i = 0; i < 3; ++i) {
      auto* words = reinterpret_cast<uint32_t*>(&sections[random() % sections.size()]);
      const uint32_t values[] = {0, 1, 0xffffffff, 0x7fffffff, static_cast<uint32_t>(random())};
      words[random() % (sizeof(Elf64_Shdr) / sizeof(uint32_t))] = values[random() % 5];
    }
    SetSectionHeaders(&elf, sections);
    elf[random() % 0x400] = static_cast<char>(random());
    EXPECT_NE(NameOf(elf), "");
  }
}

}  // namespace
}  // namespace profd
