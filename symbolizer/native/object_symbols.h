// Functions of one ELF file, by linked address.
#ifndef PROFD_SYMBOLIZER_NATIVE_OBJECT_SYMBOLS_H_
#define PROFD_SYMBOLIZER_NATIVE_OBJECT_SYMBOLS_H_

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/native/symbol_table.h"

namespace profd {

// Function symbols of .dynsym and .symtab that lie in executable segments, and the stubs of the
// procedure linkage table: as the function where that is the object's own, else "function@plt". No
// separate debug files: they would be looked up by what a stranger's file says.
SymbolTable ReadObjectSymbols(const ElfFile& elf, const SymbolLimits& limits = {});

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_OBJECT_SYMBOLS_H_
