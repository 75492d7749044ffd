#include "symbolizer/elf/elf_file.h"

#include <fcntl.h>
#include <link.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "symbolizer/process/process.h"
#include "tests/symbolizer/elf/crafted_elf.h"

namespace profd {
namespace {

constexpr uint64_t kBase = 0x7f1234500000;

std::unique_ptr<ElfFile> Craft(const std::vector<Elf64_Phdr>& segments, uint16_t type = ET_DYN) {
  return OpenBytes(CraftElf(segments, type)).value();
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
    for (const Mapping& mapping : mappings) {
      if (!mapping.executable) continue;
      auto bias = LoadBias(**elf, mapping.start, mapping.offset, mapping.end - mapping.start);
      EXPECT_EQ(bias.value_or(1), library.bias) << library.path << " at offset " << mapping.offset;
    }
  }
}

}  // namespace
}  // namespace profd
