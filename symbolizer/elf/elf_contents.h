// Bytes of an ELF file by file offset and by linked address, read with pread.
#ifndef PROFD_SYMBOLIZER_ELF_ELF_CONTENTS_H_
#define PROFD_SYMBOLIZER_ELF_ELF_CONTENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/process/descriptor.h"

namespace profd::elf_internal {

// Bytes [offset, offset + bytes) of a file.
struct FileRange {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class ElfContents {
 public:
  ElfContents(Descriptor descriptor, uint64_t file_bytes)
      : descriptor_(std::move(descriptor)), file_bytes_(file_bytes) {}

  int descriptor() const { return descriptor_.get(); }
  uint64_t file_bytes() const { return file_bytes_; }
  // PT_LOAD, by address.
  const std::vector<ElfSegment>& segments() const { return segments_; }
  void set_segments(std::vector<ElfSegment> segments) { segments_ = std::move(segments); }

  absl::Status ReadOffset(uint64_t offset, void* out, size_t bytes) const;
  absl::Status ReadAddress(uint64_t address, void* out, size_t bytes) const;
  // What a segment holds in the file from `address` on; empty when nothing.
  std::optional<FileRange> RangeAt(uint64_t address) const;
  // The part of `range` that is inside the file; empty when none is.
  FileRange Clip(FileRange range) const;

 private:
  const ElfSegment* SegmentOf(uint64_t address) const;

  Descriptor descriptor_;
  uint64_t file_bytes_;
  std::vector<ElfSegment> segments_;
};

}  // namespace profd::elf_internal

#endif  // PROFD_SYMBOLIZER_ELF_ELF_CONTENTS_H_
