#include "symbolizer/elf/load_bias.h"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/symbolizer/elf/crafted_elf.h"

namespace profd {
namespace {

constexpr uint64_t kBase = 0x7f1234500000;

std::unique_ptr<ElfFile> Craft(const std::vector<Elf64_Phdr>& segments, uint16_t type = ET_DYN) {
  return OpenBytes(CraftElf(segments, type)).value();
}

Mapping At(uint64_t start, uint64_t offset, uint64_t bytes, bool executable) {
  Mapping mapping;
  mapping.start = start;
  mapping.end = start + bytes;
  mapping.offset = offset;
  mapping.executable = executable;
  return mapping;
}

TEST(LoadBias, IsNotTheStartWhereAddressesDifferFromOffsets) {  // Pitfall 23
  auto elf = Craft({LoadSegment(0x10000, 0x3000, 0x800, 0x800, PF_R),
                    LoadSegment(0x21400, 0x4400, 0x2000, 0x2000, PF_R | PF_X),
                    LoadSegment(0x35ed0, 0x6ed0, 0x1000, 0x9000, PF_R | PF_W)});
  EXPECT_EQ(LoadBias(*elf, kBase + 0x10000, 0x3000, 0x1000).value(), kBase);
  EXPECT_EQ(LoadBias(*elf, kBase + 0x21000, 0x4000, 0x3000).value(), kBase);
  EXPECT_EQ(LoadBias(*elf, kBase + 0x35000, 0x6000, 0x2000).value(), kBase);
  // A part of the code, split off by mprotect.
  EXPECT_EQ(LoadBias(*elf, kBase + 0x22000, 0x5000, 0x1000).value(), kBase);
}

TEST(LoadBias, TellsSegmentsApartThatShareAPageOfTheFile) {  // Pitfall 23
  auto elf = Craft({LoadSegment(0, 0, 0x1234, 0x1234, PF_R | PF_X),
                    LoadSegment(0x201dc8, 0x1dc8, 0x300, 0x400, PF_R | PF_W)});
  EXPECT_EQ(LoadBias(*elf, kBase, 0, 0x2000).value(), kBase);
  EXPECT_EQ(LoadBias(*elf, kBase + 0x201000, 0x1000, 0x1000).value(), kBase);
  EXPECT_EQ(LoadBias(*elf, kBase + 0x202000, 0x2000, 0x1000).value(), kBase);
}

TEST(LoadBias, OfAnExecutableThatCannotMoveIsZero) {
  auto elf = Craft({LoadSegment(0x400000, 0, 0x1000, 0x1000, PF_R),
                    LoadSegment(0x401000, 0x1000, 0x1000, 0x1000, PF_R | PF_X)},
                   ET_EXEC);
  EXPECT_EQ(LoadBias(*elf, 0x401000, 0x1000, 0x1000).value(), 0u);
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*elf, kBase, 0x1000, 0x1000).status()));
}

TEST(LoadBias, IsNotFoundForAMappingNoSegmentFits) {
  auto elf = Craft({LoadSegment(0, 0, 0x1000, 0x1000, PF_R),
                    LoadSegment(0x2000, 0x1000, 0x1000, 0x1000, PF_R | PF_X),
                    LoadSegment(0x8000, 0x8000, 0, 0x1000, PF_R | PF_W)});
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*elf, kBase, 0, 0x2000).status())) << "mapped as data";
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*elf, kBase, 0x2000, 0x1000).status()));
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*elf, kBase, 0x8000, 0x1000).status())) << "bss";
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*elf, kBase, ~0xfffULL, 0x1000).status()));
  auto skewed = Craft({LoadSegment(0x123, 0x1000, 0x1000, 0x1000, PF_R)});
  EXPECT_TRUE(absl::IsNotFound(LoadBias(*skewed, kBase, 0x1000, 0x1000).status()));
}

TEST(LoadBiasOfFile, IgnoresStaleLowerMappings) {  // Pitfall 23
  auto elf = Craft({LoadSegment(0, 0, 0x1000, 0x1000, PF_R),
                    LoadSegment(0x2000, 0x1000, 0x2000, 0x2000, PF_R | PF_X),
                    LoadSegment(0x5000, 0x3000, 0x1000, 0x2000, PF_R | PF_W)});
  const std::vector<Mapping> mappings = {
      At(0x10000, 0, 0x1000, false),      // its header, read as data
      At(0x20000, 0, 0x4000, false),      // all of it
      At(0x40000, 0x1000, 0x2000, true),  // the code of an earlier load
      At(kBase, 0, 0x1000, false),        // the one that is loaded
      At(kBase + 0x2000, 0x1000, 0x2000, true),
      At(kBase + 0x5000, 0x3000, 0x1000, false),
  };
  EXPECT_EQ(LoadBiasOfFile(*elf, mappings).value(), kBase);
  EXPECT_TRUE(
      absl::IsNotFound(LoadBiasOfFile(*elf, absl::MakeConstSpan(mappings).subspan(0, 2)).status()));
  EXPECT_TRUE(absl::IsNotFound(LoadBiasOfFile(*elf, {}).status()));
}

struct Loaded {
  std::string path;
  uint64_t bias;
};

int Collect(dl_phdr_info* info, size_t, void* out) {
  const std::string path = info->dlpi_name;
  if (!path.empty() && path[0] == '/') {
    static_cast<std::vector<Loaded>*>(out)->push_back({path, info->dlpi_addr});
  }
  return 0;
}

std::vector<Mapping> MappingsOf(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const uint64_t inode = IdentityOf(file.get()).value().inode;
  std::vector<Mapping> result;
  const std::vector<Mapping> all = ReadMappings(getpid()).value();
  for (const Mapping& mapping : all) {
    if (mapping.inode == inode) result.push_back(mapping);
  }
  return result;
}

TEST(LoadBias, IsWhatTheLoaderSays) {
  std::vector<Loaded> loaded;
  dl_iterate_phdr(Collect, &loaded);
  ASSERT_GE(loaded.size(), 3u);
  for (const Loaded& library : loaded) {
    auto elf = ElfFile::Open(library.path);
    ASSERT_TRUE(elf.ok()) << library.path << ": " << elf.status();
    const std::vector<Mapping> mappings = MappingsOf(library.path);
    EXPECT_EQ(LoadBiasOfFile(**elf, mappings).value(), library.bias) << library.path;
    for (const Mapping& mapping : mappings) {
      if (!mapping.executable) continue;
      auto bias = LoadBias(**elf, mapping.start, mapping.offset, mapping.end - mapping.start);
      EXPECT_EQ(bias.value_or(1), library.bias) << library.path << " at offset " << mapping.offset;
    }
  }
}

TEST(LoadBiasOfFile, IsThatOfTheLoadedCopyWhenTheFileIsMappedAgain) {  // Pitfall 23
  std::vector<Loaded> loaded;
  dl_iterate_phdr(Collect, &loaded);
  ASSERT_FALSE(loaded.empty());
  const Loaded& library = loaded.front();
  auto elf = ElfFile::Open(library.path).value();
  Descriptor file(open(library.path.c_str(), O_RDONLY | O_CLOEXEC));
  // As low as the kernel allows, so that these come first in maps.
  struct {
    uint64_t at, offset, bytes;
    int protection;
  } stale[] = {{0x100000, 0, 0x1000, PROT_READ},
               {0x200000, 0, 0, PROT_READ},
               {0x8000000, 0, 0x1000, PROT_READ | PROT_EXEC}};
  stale[1].bytes = IdentityOf(file.get()).value().size;
  for (const ElfSegment& segment : elf->segments()) {
    if (!segment.executable) continue;
    stale[2].offset = segment.offset & ~0xfffULL;
    stale[2].bytes = segment.file_size;
  }
  for (const auto& map : stale) {
    void* at = reinterpret_cast<void*>(map.at);
    ASSERT_EQ(mmap(at, map.bytes, map.protection, MAP_PRIVATE | MAP_FIXED_NOREPLACE, file.get(),
                   static_cast<off_t>(map.offset)),
              at);
  }
  const std::vector<Mapping> mappings = MappingsOf(library.path);
  EXPECT_EQ(mappings.front().start, stale[0].at);
  EXPECT_EQ(LoadBiasOfFile(*elf, mappings).value(), library.bias);
  for (const auto& map : stale) munmap(reinterpret_cast<void*>(map.at), map.bytes);
}

}  // namespace
}  // namespace profd
