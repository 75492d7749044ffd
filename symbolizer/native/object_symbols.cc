#include "symbolizer/native/object_symbols.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace profd {
namespace {

// Compilers and linkers make one; every symbol is compared with each.
constexpr size_t kMaxCodeSegments = 16;

}  // namespace

// Not bcc_elf_foreach_sym: with sh_entsize 0 in a symbol table it divides by zero, and of a sparse
// file it loads gigabytes (BCC 0.26, libelf 0.188). Any user can map such a file executable.
SymbolTable ReadObjectSymbols(const ElfFile& elf, const SymbolLimits& limits) {
  SymbolTableBuilder builder(limits);
  std::vector<std::pair<uint64_t, uint64_t>> code;
  for (const ElfSegment& segment : elf.segments()) {
    if (code.size() == kMaxCodeSegments) break;
    if (!segment.executable || segment.address + segment.memory_size < segment.address) continue;
    code.emplace_back(segment.address, segment.address + segment.memory_size);
    builder.AddEnd(segment.address + segment.memory_size);
  }
  // A symbol of unknown size ends with its section: _init is not the stubs of .plt behind it.
  for (const ElfSection& section : elf.sections()) {
    const uint64_t end = section.address + section.size;
    const auto holds = [&](const auto& range) {
      return section.address >= range.first && end <= range.second && end > section.address;
    };
    if (std::any_of(code.begin(), code.end(), holds)) builder.AddEnd(end);
  }
  elf.ForEachSymbol([&](const ElfSymbol& symbol) {
    if (!symbol.is_function) return true;
    const auto inside = [&](const auto& range) {
      return symbol.address >= range.first && symbol.address < range.second;
    };
    if (std::none_of(code.begin(), code.end(), inside)) return true;
    return builder.Add(symbol.address, symbol.size, symbol.name);
  });
  return std::move(builder).Build(SymbolTableBuilder::SameAddress::kBestName);
}

}  // namespace profd
