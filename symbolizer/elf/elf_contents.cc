#include "symbolizer/elf/elf_contents.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace profd::elf_internal {

absl::Status ElfContents::ReadOffset(uint64_t offset, void* out, size_t bytes) const {
  // Also keeps `offset` within off_t.
  if (offset > file_bytes_ || bytes > file_bytes_ - offset) {
    return absl::OutOfRangeError("past the end of the file");
  }
  char* to = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t got = pread(descriptor_.get(), to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "pread");
    if (got == 0) return absl::OutOfRangeError("the file has shrunk");
    to += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

const ElfSegment* ElfContents::SegmentOf(uint64_t address) const {
  for (const ElfSegment& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.memory_size) {
      return &segment;
    }
  }
  return nullptr;
}

absl::Status ElfContents::ReadAddress(uint64_t address, void* out, size_t bytes) const {
  const ElfSegment* segment = SegmentOf(address);
  if (segment == nullptr || bytes > segment->memory_size - (address - segment->address)) {
    return absl::OutOfRangeError(absl::StrCat("not in a segment: 0x", absl::Hex(address)));
  }
  const uint64_t skipped = address - segment->address;
  const uint64_t in_file = segment->file_size > skipped ? segment->file_size - skipped : 0;
  const size_t from_file = static_cast<size_t>(std::min<uint64_t>(bytes, in_file));
  if (from_file > 0) {
    absl::Status status = ReadOffset(segment->offset + skipped, out, from_file);
    if (!status.ok()) return status;
  }
  if (bytes > from_file) std::memset(static_cast<char*>(out) + from_file, 0, bytes - from_file);
  return absl::OkStatus();
}

std::optional<FileRange> ElfContents::RangeAt(uint64_t address) const {
  const ElfSegment* segment = SegmentOf(address);
  if (segment == nullptr) return std::nullopt;
  const uint64_t skipped = address - segment->address;
  if (skipped >= segment->file_size) return std::nullopt;
  const FileRange range = Clip({segment->offset + skipped, segment->file_size - skipped});
  if (range.bytes == 0) return std::nullopt;
  return range;
}

FileRange ElfContents::Clip(FileRange range) const {
  if (range.offset >= file_bytes_) return {};
  return {range.offset, std::min(range.bytes, file_bytes_ - range.offset)};
}

}  // namespace profd::elf_internal
