#include <unistd.h>

#include <algorithm>
#include <optional>

#include "symbolizer/elf/elf_file.h"

namespace profd {
namespace {

uint64_t PageBytes() {
  static const uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}
uint64_t PageDown(uint64_t value) { return value & ~(PageBytes() - 1); }
uint64_t PageUp(uint64_t value) { return PageDown(value + PageBytes() - 1); }

// First file offset behind what the segment at `index` maps, with the segments behind it that the
// kernel would join to one mapping: equal protection, contiguous in file and memory.
uint64_t MappedEnd(const std::vector<ElfSegment>& segments, size_t index) {
  const ElfSegment& first = segments[index];
  uint64_t end = PageUp(first.offset + first.file_size);
  for (size_t i = index + 1; i < segments.size(); ++i) {
    const ElfSegment& next = segments[i];
    if (next.executable != first.executable || PageDown(next.offset) > end ||
        next.address - next.offset != first.address - first.offset) {
      break;
    }
    end = std::max(end, PageUp(next.offset + next.file_size));
  }
  return end;
}

// The bias if the mapping is one of the segment at `index`.
std::optional<uint64_t> BiasIfSegment(const ElfFile& elf, size_t index, uint64_t map_start,
                                      uint64_t map_offset, uint64_t map_bytes) {
  const ElfSegment& segment = elf.segments()[index];
  if (segment.file_size == 0) return std::nullopt;
  const uint64_t end = MappedEnd(elf.segments(), index);
  if (map_offset < PageDown(segment.offset) || map_offset >= end) return std::nullopt;
  if (map_bytes > end - map_offset) return std::nullopt;
  // Not from the page's start: p_vaddr and p_offset are equal modulo the page size, if at all.
  const uint64_t bias = map_start - (segment.address - segment.offset + map_offset);
  if (bias % PageBytes() != 0) return std::nullopt;
  if (!elf.position_independent() && bias != 0) return std::nullopt;
  return bias;
}

}  // namespace

absl::StatusOr<uint64_t> LoadBias(const ElfFile& elf, uint64_t map_start, uint64_t map_offset,
                                  uint64_t map_bytes) {
  // Segments can share a page of the file: the one that starts with the mapping is meant, and of
  // two such the executable one, as the caller was asked for.
  std::optional<uint64_t> best;
  int best_rank = -1;
  for (size_t i = 0; i < elf.segments().size(); ++i) {
    const std::optional<uint64_t> bias = BiasIfSegment(elf, i, map_start, map_offset, map_bytes);
    if (!bias.has_value()) continue;
    const ElfSegment& segment = elf.segments()[i];
    const int rank = 2 * (PageDown(segment.offset) == map_offset) + segment.executable;
    if (rank <= best_rank) continue;
    best = bias;
    best_rank = rank;
  }
  if (best.has_value()) return *best;
  return absl::NotFoundError("no segment of the file fits the mapping");
}

}  // namespace profd
