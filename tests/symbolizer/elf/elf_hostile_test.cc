// Pitfall 45, Pitfall 47: files that are damaged, or made to hurt.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/symbolizer/elf/crafted_elf.h"

namespace profd {
namespace {

// Calls whatever there is; returns the number of symbols.
size_t UseAll(const ElfFile& elf) {
  size_t symbols = 0;
  elf.ForEachSymbol([&](const ElfSymbol& symbol) {
    EXPECT_LE(symbol.name.size(), 4096u);
    ++symbols;
    return true;
  });
  elf.FindSymbols({"profd_fixture_function", "no_such_symbol"});
  elf.HasCopyRelocation("profd_fixture_variable");
  elf.FindSection(".text");
  char byte;
  for (const ElfSegment& segment : elf.segments()) {
    elf.ReadAddress(segment.address, &byte, 1).IgnoreError();
    LoadBias(elf, 0x7f0000000000, segment.offset & ~0xfffULL, 4096).IgnoreError();
  }
  return symbols;
}

void UseBytes(const std::string& bytes) {
  auto elf = OpenBytes(bytes);
  if (elf.ok()) UseAll(**elf);
}

TEST(HostileElf, RefusesWhatIsNoElfForUs) {
  EXPECT_TRUE(absl::IsInvalidArgument(OpenBytes("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenBytes("#!/bin/sh\n").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenBytes(std::string(4096, '\x7f')).status()));
  const std::string good = CraftElf({LoadSegment(0, 0, 64, 64, PF_R)});
  ASSERT_TRUE(OpenBytes(good).ok());
  const auto with_byte = [&](size_t at, char value) {
    std::string bytes = good;
    bytes[at] = value;
    return OpenBytes(bytes).status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(with_byte(EI_CLASS, ELFCLASS32)));
  EXPECT_TRUE(absl::IsInvalidArgument(with_byte(EI_DATA, ELFDATA2MSB)));
  EXPECT_TRUE(absl::IsInvalidArgument(with_byte(offsetof(Elf64_Ehdr, e_machine), EM_386)));
  EXPECT_TRUE(absl::IsInvalidArgument(with_byte(offsetof(Elf64_Ehdr, e_type), ET_REL)));
  EXPECT_TRUE(absl::IsInvalidArgument(with_byte(offsetof(Elf64_Ehdr, e_phentsize), 1)));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenBytes(CraftElf({})).status()));
}

TEST(HostileElf, RefusesSegmentsThatCannotBe) {
  EXPECT_FALSE(OpenBytes(CraftElf({LoadSegment(0, 0, 2, 1, PF_R)})).ok());
  EXPECT_FALSE(OpenBytes(CraftElf({LoadSegment(UINT64_MAX, 0, 1, 2, PF_R)})).ok());
  EXPECT_FALSE(OpenBytes(CraftElf({LoadSegment(0, UINT64_MAX, 2, 2, PF_R)})).ok());
  const std::vector<Elf64_Phdr> many(2000, LoadSegment(0, 0, 64, 64, PF_R));
  EXPECT_FALSE(OpenBytes(CraftElf(many)).ok());
}

TEST(HostileElf, RefusesWhatIsNoRegularFile) {  // Pitfall 46
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[1]);
  EXPECT_TRUE(absl::IsInvalidArgument(ElfFile::FromDescriptor(ends[0]).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ElfFile::Open("/dev/zero").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ElfFile::Open("/").status()));
  EXPECT_FALSE(ElfFile::FromDescriptor(-1).ok());
  EXPECT_TRUE(absl::IsNotFound(ElfFile::Open("/no/such/file").status()));
}

TEST(HostileElf, SurvivesEveryTruncation) {
  const std::string whole = FileBytes(FIXTURE_GNU);
  ASSERT_GT(whole.size(), 4096u);
  for (size_t size = 0; size < whole.size(); ++size) UseBytes(whole.substr(0, size));
}

TEST(HostileElf, SurvivesAFileThatShrinks) {
  const int fd = memfd_create("shrinks", MFD_CLOEXEC);
  const std::string whole = FileBytes(FIXTURE_GNU);
  ASSERT_EQ(write(fd, whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
  auto elf = ElfFile::FromDescriptor(dup(fd));
  ASSERT_TRUE(elf.ok());
  EXPECT_GT(UseAll(**elf), 0u);
  ASSERT_EQ(ftruncate(fd, 100), 0);
  EXPECT_EQ(UseAll(**elf), 0u);
  close(fd);
}

TEST(HostileElf, SurvivesRandomDamage) {  // Pitfall 47
  std::mt19937 random(20240607);
  for (const char* path : {FIXTURE_GNU, FIXTURE_SYSV, FIXTURE_EXECUTABLE}) {
    const std::string whole = FileBytes(path);
    for (int round = 0; round < 4000; ++round) {
      std::string bytes = round % 4 == 0 ? WithoutSections(whole) : whole;
      // Mostly where the structure is: headers, the dynamic tables, the section headers.
      const size_t regions[] = {bytes.size(), 1024, bytes.size() / 8};
      for (int damage = 0; damage < 1 + round % 8; ++damage) {
        size_t at = random() % regions[damage % 3];
        if (round % 3 == 0) at = bytes.size() - 1 - at;
        bytes[at] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
      }
      UseBytes(bytes);
    }
  }
}

// A sparse file that claims one huge symbol table.
TEST(HostileElf, BoundsTimeAndMemoryOfForgedTables) {  // Pitfall 45
  constexpr uint64_t kFileBytes = 8ULL << 30;
  const int fd = memfd_create("huge", MFD_CLOEXEC);
  std::string bytes = CraftElf({LoadSegment(0, 0, kFileBytes, kFileBytes, PF_R)});
  const uint64_t sections_at = bytes.size();
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  header->e_shoff = sections_at;
  header->e_shentsize = sizeof(Elf64_Shdr);
  header->e_shnum = 3;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_type = SHT_SYMTAB;
  sections[1].sh_offset = sections_at + sizeof(sections);
  sections[1].sh_size = kFileBytes;
  sections[1].sh_entsize = sizeof(Elf64_Sym);
  sections[1].sh_link = 2;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = 0;
  sections[2].sh_size = kFileBytes;
  bytes.append(reinterpret_cast<const char*>(sections), sizeof(sections));
  ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ASSERT_EQ(ftruncate(fd, kFileBytes), 0);

  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  const auto start = std::chrono::steady_clock::now();
  auto elf = ElfFile::FromDescriptor(fd);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_EQ(UseAll(**elf), 0u);
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 256 << 10) << "KiB";
}

TEST(HostileElf, BoundsForgedSectionCounts) {  // Pitfall 45
  std::string bytes = FileBytes(FIXTURE_GNU);
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  header->e_shnum = 0;
  auto* first = reinterpret_cast<Elf64_Shdr*>(bytes.data() + header->e_shoff);
  const uint64_t count = OpenBytes(FileBytes(FIXTURE_GNU)).value()->sections().size();
  first->sh_size = count;
  EXPECT_EQ(OpenBytes(bytes).value()->sections().size(), count);
  for (uint64_t forged : {count + 1, uint64_t{1} << 20, UINT64_MAX, UINT64_MAX / 64 + 2}) {
    first->sh_size = forged;
    EXPECT_TRUE(OpenBytes(bytes).value()->sections().empty()) << forged;
  }
}

}  // namespace
}  // namespace profd
