#include "symbolizer/elf/dynamic_section.h"

#include <elf.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace profd::elf_internal {
namespace {

constexpr uint64_t kMaxEntries = 4096;
constexpr uint64_t kRelaBytes = sizeof(Elf64_Rela);
constexpr uint64_t kMaxBuckets = 1 << 20;
constexpr uint64_t kWordsPerRead = 4096;

// Calls back with each 32-bit word of `range` until that returns false.
template <typename Callback>
void ForEachWord(const ElfContents& contents, FileRange range, Callback callback) {
  std::vector<uint32_t> words;
  for (uint64_t left = range.bytes / sizeof(uint32_t); left > 0; left -= words.size()) {
    words.resize(std::min(left, kWordsPerRead));
    const size_t bytes = words.size() * sizeof(uint32_t);
    if (!contents.ReadOffset(range.offset, words.data(), bytes).ok()) return;
    for (uint32_t word : words) {
      if (!callback(word)) return;
    }
    range.offset += bytes;
  }
}

// DT_GNU_HASH has no symbol count: the highest chain starts at the highest bucket and ends with a
// hash whose lowest bit is set. Layout: header, 64-bit Bloom words, buckets, one hash a symbol
// from `first_symbol` on (binutils, elflink.c).
uint64_t CountByGnuHash(const ElfContents& contents, uint64_t address) {
  struct {
    uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  } header;
  const std::optional<FileRange> table = contents.RangeAt(address);
  if (!table.has_value() || table->bytes < sizeof(header)) return 0;
  if (!contents.ReadOffset(table->offset, &header, sizeof(header)).ok()) return 0;
  if (header.buckets > kMaxBuckets) return 0;
  const uint64_t buckets_at = sizeof(header) + uint64_t{header.bloom_words} * sizeof(uint64_t);
  const uint64_t chains_at = buckets_at + uint64_t{header.buckets} * sizeof(uint32_t);
  if (chains_at > table->bytes) return 0;

  uint32_t last = 0;
  ForEachWord(contents, {table->offset + buckets_at, chains_at - buckets_at}, [&](uint32_t bucket) {
    last = std::max(last, bucket);
    return true;
  });
  if (last < header.first_symbol) return header.first_symbol;  // no symbol is hashed
  const uint64_t skipped = uint64_t{last - header.first_symbol} * sizeof(uint32_t);
  if (skipped >= table->bytes - chains_at) return 0;
  uint64_t count = last;
  ForEachWord(contents, {table->offset + chains_at + skipped, table->bytes - chains_at - skipped},
              [&](uint32_t hash) { return ++count < kMaxSymbols && (hash & 1) == 0; });
  return count;
}

// DT_HASH: nbucket, nchain, …; nchain is the number of symbols (System V ABI).
uint64_t CountByHash(const ElfContents& contents, uint64_t address) {
  uint32_t header[2] = {};
  if (!contents.ReadAddress(address, header, sizeof(header)).ok()) return 0;
  return header[1];
}

}  // namespace

DynamicSection ReadDynamicSection(const ElfContents& contents, FileRange range) {
  range = contents.Clip(range);
  std::vector<Elf64_Dyn> entries(std::min(range.bytes / sizeof(Elf64_Dyn), kMaxEntries));
  DynamicSection result;
  if (!contents.ReadOffset(range.offset, entries.data(), entries.size() * sizeof(Elf64_Dyn)).ok()) {
    return result;
  }
  absl::flat_hash_map<int64_t, uint64_t> values;  // the last of a tag, as the loader takes it
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    values[entry.d_tag] = entry.d_un.d_val;
  }
  const auto range_of = [&](int64_t address_tag, int64_t size_tag) -> FileRange {
    if (!values.contains(address_tag) || !values.contains(size_tag)) return {};
    const std::optional<FileRange> at = contents.RangeAt(values[address_tag]);
    if (!at.has_value()) return {};
    return {at->offset, std::min(at->bytes, values[size_tag])};
  };

  const FileRange names = range_of(DT_STRTAB, DT_STRSZ);
  result.relocations = range_of(DT_RELA, DT_RELASZ);
  // The relative ones, nearly all, come first and name no symbol.
  const uint64_t relative = std::min(values[DT_RELACOUNT], result.relocations.bytes / kRelaBytes);
  result.relocations.offset += relative * kRelaBytes;
  result.relocations.bytes -= relative * kRelaBytes;
  result.plt_relocations = range_of(DT_JMPREL, DT_PLTRELSZ);

  uint64_t count = 0;
  if (values.contains(DT_HASH)) count = CountByHash(contents, values[DT_HASH]);
  if (count == 0 && values.contains(DT_GNU_HASH)) {
    count = CountByGnuHash(contents, values[DT_GNU_HASH]);
  }
  count = std::min(count, kMaxSymbols);
  if (values.contains(DT_SYMTAB) && count > 0) {
    if (const std::optional<FileRange> at = contents.RangeAt(values[DT_SYMTAB])) {
      const uint64_t bytes = std::min<uint64_t>(at->bytes, count * sizeof(Elf64_Sym));
      result.symbols = {{at->offset, bytes}, names};
    }
  }
  return result;
}

}  // namespace profd::elf_internal
