// Tables of an ELF file whose entries have one size: symbols, relocations.
#ifndef PROFD_SYMBOLIZER_ELF_ELF_ENTRIES_H_
#define PROFD_SYMBOLIZER_ELF_ELF_ENTRIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolizer/elf/elf_contents.h"

namespace profd::elf_internal {

// Calls back with each `Entry` of `range`, at most `limit`, until that returns false. Returns how
// many entries were looked at.
template <typename Entry, typename Callback>
uint64_t ForEachEntry(const ElfContents& contents, FileRange range, uint64_t limit,
                      Callback callback) {
  constexpr size_t kBytesPerRead = 64 << 10;
  range = contents.Clip(range);
  const uint64_t count = std::min<uint64_t>(range.bytes / sizeof(Entry), limit);
  std::vector<Entry> chunk(std::min<uint64_t>(count, kBytesPerRead / sizeof(Entry)));
  for (uint64_t done = 0; done < count; done += chunk.size()) {
    chunk.resize(std::min<uint64_t>(chunk.size(), count - done));
    const uint64_t offset = range.offset + done * sizeof(Entry);
    if (!contents.ReadOffset(offset, chunk.data(), chunk.size() * sizeof(Entry)).ok()) return done;
    for (size_t i = 0; i < chunk.size(); ++i) {
      if (!callback(chunk[i])) return done + i + 1;
    }
  }
  return count;
}

}  // namespace profd::elf_internal

#endif  // PROFD_SYMBOLIZER_ELF_ELF_ENTRIES_H_
