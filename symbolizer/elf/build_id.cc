#include <elf.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "symbolizer/elf/elf_data.h"

namespace profd::elf_internal {
namespace {

constexpr uint64_t kMaxNoteBytes = 64 << 10;
constexpr uint64_t kMaxBuildIdBytes = 64;

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

std::string ReadBuildId(const ElfContents& contents, FileRange range, uint64_t alignment) {
  // Anything but 8 means 4 (gABI, "Note Section").
  if (alignment != 8) alignment = 4;
  range = contents.Clip(range);
  std::string bytes(std::min(range.bytes, kMaxNoteBytes), '\0');
  if (!contents.ReadOffset(range.offset, bytes.data(), bytes.size()).ok()) return "";
  absl::string_view notes = bytes;
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header;
    std::memcpy(&header, notes.data(), sizeof(header));
    const uint64_t description_at = AlignUp(sizeof(header) + uint64_t{header.n_namesz}, alignment);
    const uint64_t end = description_at + header.n_descsz;
    if (end > notes.size()) return "";
    if (header.n_type == NT_GNU_BUILD_ID && header.n_descsz > 0 &&
        header.n_descsz <= kMaxBuildIdBytes &&
        notes.substr(sizeof(header), header.n_namesz) == absl::string_view("GNU\0", 4)) {
      return absl::BytesToHexString(notes.substr(description_at, header.n_descsz));
    }
    notes.remove_prefix(std::min<uint64_t>(AlignUp(end, alignment), notes.size()));
  }
  return "";
}

}  // namespace profd::elf_internal
