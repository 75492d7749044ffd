#include "symbolizer/elf/load_bias.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

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

// How many segments have their first page mapped where `bias` puts it.
size_t SegmentsAgreeing(const ElfFile& elf, absl::Span<const Mapping> mappings, uint64_t bias) {
  size_t agreeing = 0;
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.file_size == 0) continue;
    const uint64_t start = PageDown(segment.address) + bias;
    const uint64_t offset = PageDown(segment.offset);
    agreeing += std::any_of(mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
      return start >= mapping.start && start < mapping.end &&
             mapping.offset + (start - mapping.start) == offset &&
             (mapping.executable || !segment.executable);
    });
  }
  return agreeing;
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

absl::StatusOr<uint64_t> LoadBiasOfFile(const ElfFile& elf, absl::Span<const Mapping> mappings) {
  // A hostile process has thousands of mappings and segments of one file.
  constexpr size_t kMaxMappings = 1024;
  constexpr size_t kMaxSegments = 64;
  int tries_left = 16;
  mappings = mappings.subspan(0, kMaxMappings);
  if (elf.segments().size() > kMaxSegments) return absl::NotFoundError("too many segments");
  const bool has_code = std::any_of(elf.segments().begin(), elf.segments().end(),
                                    [](const ElfSegment& segment) { return segment.executable; });
  std::optional<uint64_t> best;
  size_t best_agreeing = 0;
  for (const Mapping& mapping : mappings) {
    if (has_code && !mapping.executable) continue;
    if (tries_left-- == 0) break;
    for (size_t i = 0; i < elf.segments().size(); ++i) {
      const std::optional<uint64_t> bias =
          BiasIfSegment(elf, i, mapping.start, mapping.offset, mapping.end - mapping.start);
      if (!bias.has_value() || (has_code && !elf.segments()[i].executable)) continue;
      const size_t agreeing = SegmentsAgreeing(elf, mappings, *bias);
      if (agreeing <= best_agreeing) continue;
      best = bias;
      best_agreeing = agreeing;
    }
  }
  if (best.has_value()) return *best;
  return absl::NotFoundError("no mapping fits a segment of the file");
}

}  // namespace profd
