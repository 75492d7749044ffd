// What ElfFile knows of a file once it is open.
#ifndef PROFD_SYMBOLIZER_ELF_ELF_DATA_H_
#define PROFD_SYMBOLIZER_ELF_ELF_DATA_H_

#include <optional>
#include <string>
#include <vector>

#include "symbolizer/elf/dynamic_section.h"
#include "symbolizer/elf/elf_contents.h"
#include "symbolizer/elf/elf_file.h"

namespace profd::elf_internal {

struct ElfData {
  ElfContents contents;
  uint16_t type = 0;     // ET_
  uint16_t machine = 0;  // EM_
  std::vector<ElfSection> sections;
  std::string build_id;
  DynamicSection dynamic;
  std::optional<SymbolTable> dynsym;  // by section headers, else by PT_DYNAMIC
  std::optional<SymbolTable> symtab;
};

// The build ID in hex, from the notes in `range`; empty: none. `alignment` is 4 or 8 bytes.
std::string ReadBuildId(const ElfContents& contents, FileRange range, uint64_t alignment);

}  // namespace profd::elf_internal

#endif  // PROFD_SYMBOLIZER_ELF_ELF_DATA_H_
