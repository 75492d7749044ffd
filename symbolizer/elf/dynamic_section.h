// What PT_DYNAMIC tells the loader, and us when the section headers are stripped.
#ifndef PROFD_SYMBOLIZER_ELF_DYNAMIC_SECTION_H_
#define PROFD_SYMBOLIZER_ELF_DYNAMIC_SECTION_H_

#include <cstdint>
#include <optional>

#include "symbolizer/elf/elf_contents.h"

namespace profd::elf_internal {

// Symbols looked at in one file; a table's further ones are left out.
inline constexpr uint64_t kMaxSymbols = 2 << 20;

struct SymbolTable {
  FileRange symbols;  // of Elf64_Sym
  FileRange names;
};

struct DynamicSection {
  std::optional<SymbolTable> symbols;
  FileRange relocations;      // of Elf64_Rela, DT_RELA, without the relative ones
  FileRange plt_relocations;  // of Elf64_Rela, DT_JMPREL
};

// `range` is that of PT_DYNAMIC. What is absent or malformed stays empty.
DynamicSection ReadDynamicSection(const ElfContents& contents, FileRange range);

}  // namespace profd::elf_internal

#endif  // PROFD_SYMBOLIZER_ELF_DYNAMIC_SECTION_H_
