#include "symbolizer/elf/string_table.h"

#include <algorithm>
#include <cstring>

namespace profd::elf_internal {
namespace {

constexpr uint64_t kMaxHeldBytes = 16 << 20;

std::optional<absl::string_view> NameIn(absl::string_view bytes) {
  const void* end = std::memchr(bytes.data(), '\0', bytes.size());
  if (end == nullptr) return std::nullopt;
  return bytes.substr(0, static_cast<size_t>(static_cast<const char*>(end) - bytes.data()));
}

}  // namespace

StringTable::StringTable(const ElfContents& contents, FileRange range)
    : contents_(contents), range_(contents.Clip(range)) {
  if (range_.bytes > kMaxHeldBytes) return;
  bytes_.resize(range_.bytes);
  whole_ = contents_.ReadOffset(range_.offset, bytes_.data(), bytes_.size()).ok();
}

std::optional<absl::string_view> StringTable::At(uint64_t offset) {
  if (offset >= range_.bytes) return std::nullopt;
  const size_t longest =
      static_cast<size_t>(std::min<uint64_t>(kMaxNameBytes + 1, range_.bytes - offset));
  if (whole_) return NameIn(absl::string_view(bytes_).substr(offset, longest));
  // Most names are short: 4 KiB are read for the long ones only.
  for (size_t size : {std::min<size_t>(longest, 256), longest}) {
    bytes_.resize(size);
    if (!contents_.ReadOffset(range_.offset + offset, bytes_.data(), size).ok()) break;
    if (std::optional<absl::string_view> name = NameIn(bytes_)) return name;
  }
  return std::nullopt;
}

}  // namespace profd::elf_internal
