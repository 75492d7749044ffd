#include <elf.h>

#include <algorithm>
#include <cstring>

#include "absl/container/flat_hash_map.h"
#include "symbolizer/elf/elf_data.h"
#include "symbolizer/elf/elf_entries.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/string_table.h"

namespace profd {
namespace {

using elf_internal::ElfData;
using elf_internal::ForEachEntry;
using elf_internal::kMaxSymbols;
using elf_internal::StringTable;
using elf_internal::SymbolTable;

bool IsDefined(const Elf64_Sym& symbol) {
  // SHN_ABS: no address. SHN_XINDEX: a section beyond 16 bits.
  if (symbol.st_shndx == SHN_UNDEF) return false;
  if (symbol.st_shndx >= SHN_LORESERVE && symbol.st_shndx != SHN_XINDEX) return false;
  switch (ELF64_ST_TYPE(symbol.st_info)) {
    case STT_NOTYPE:
    case STT_OBJECT:
    case STT_FUNC:
    case STT_GNU_IFUNC:
      return true;
    default:
      return false;
  }
}

// Calls back with each defined symbol and its name, valid for that call, until that returns false.
template <typename Callback>
void ForEachDefined(const ElfData& data, Callback callback) {
  uint64_t budget = kMaxSymbols;
  bool go_on = true;
  for (const std::optional<SymbolTable>& table : {data.dynsym, data.symtab}) {
    if (!table.has_value() || !go_on) continue;
    StringTable names(data.contents, table->names);
    budget -= ForEachEntry<Elf64_Sym>(
        data.contents, table->symbols, budget, [&](const Elf64_Sym& symbol) {
          if (!IsDefined(symbol)) return true;
          const std::optional<absl::string_view> name = names.At(symbol.st_name);
          if (name.has_value() && !name->empty()) go_on = callback(symbol, *name);
          return go_on;
        });
  }
}

void Assign(const Elf64_Sym& from, absl::string_view name, ElfSymbol& to) {
  const unsigned type = ELF64_ST_TYPE(from.st_info);
  to.name.assign(name.data(), name.size());
  to.address = from.st_value;
  to.size = from.st_size;
  to.is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
}

}  // namespace

void ElfFile::ForEachSymbol(const std::function<bool(const ElfSymbol&)>& callback) const {
  ElfSymbol out;  // one for all: its name's memory is used again
  ForEachDefined(*data_, [&](const Elf64_Sym& symbol, absl::string_view name) {
    Assign(symbol, name, out);
    return callback(out);
  });
}

std::vector<std::optional<ElfSymbol>> ElfFile::FindSymbols(
    const std::vector<absl::string_view>& names) const {
  struct Found {
    ElfSymbol symbol;
    bool present = false;
    bool global = false;
  };
  absl::flat_hash_map<absl::string_view, Found> wanted;
  size_t longest = 0;
  for (absl::string_view name : names) {
    wanted.try_emplace(name);
    longest = std::max(longest, name.size());
  }
  std::vector<bool> lengths(longest + 1);
  for (absl::string_view name : names) lengths[name.size()] = true;

  size_t missing = wanted.size();  // or found as local symbols only
  ForEachDefined(*data_, [&](const Elf64_Sym& symbol, absl::string_view name) {
    // Most symbols are told apart without a hash.
    if (name.size() > longest || !lengths[name.size()]) return true;
    const auto found = wanted.find(name);
    if (found == wanted.end() || found->second.global) return true;
    const bool global = ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
    if (found->second.present && !global) return true;
    Assign(symbol, name, found->second.symbol);
    found->second.present = true;
    found->second.global = global;
    if (global) --missing;
    return missing > 0;
  });

  std::vector<std::optional<ElfSymbol>> result;
  result.reserve(names.size());
  for (absl::string_view name : names) {
    const Found& found = wanted[name];
    result.push_back(found.present ? std::optional<ElfSymbol>(found.symbol) : std::nullopt);
  }
  return result;
}

}  // namespace profd
