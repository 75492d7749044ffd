// Names of an ELF string table.
#ifndef PROFD_SYMBOLIZER_ELF_STRING_TABLE_H_
#define PROFD_SYMBOLIZER_ELF_STRING_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "symbolizer/elf/elf_contents.h"

namespace profd::elf_internal {

class StringTable {
 public:
  static constexpr size_t kMaxNameBytes = 4096;

  // Holds tables of up to 16 MiB in memory; of larger ones each name is read when asked for.
  StringTable(const ElfContents& contents, FileRange range);

  // The name at `offset`, valid until the next call. Empty when it lies outside of the table, has
  // no end, or is longer than kMaxNameBytes.
  std::optional<absl::string_view> At(uint64_t offset);

 private:
  const ElfContents& contents_;
  const FileRange range_;
  bool whole_ = false;
  std::string bytes_;  // the table, or the last name read
};

}  // namespace profd::elf_internal

#endif  // PROFD_SYMBOLIZER_ELF_STRING_TABLE_H_
