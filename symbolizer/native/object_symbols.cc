#include "symbolizer/native/object_symbols.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/native/display_name.h"

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
  const auto is_code = [&](uint64_t address) {
    return std::any_of(code.begin(), code.end(), [&](const auto& range) {
      return address >= range.first && address < range.second;
    });
  };
  absl::flat_hash_set<size_t> own;  // hashes of names
  elf.ForEachSymbol([&](const ElfSymbol& symbol) {
    if (!symbol.is_function || !is_code(symbol.address)) return true;
    own.insert(absl::HashOf(symbol.name));
    return builder.Add(symbol.address, symbol.size, symbol.name);
  });
  // The way to a function of the object itself counts as the function.
  elf.ForEachPltStub([&](const PltStub& stub) {
    if (!is_code(stub.address)) return true;
    const bool is_own = own.contains(absl::HashOf(stub.function));
    return builder.Add(stub.address, 0, absl::StrCat(stub.function, is_own ? "" : kPltSuffix));
  });
  return std::move(builder).Build(SymbolTableBuilder::SameAddress::kBestName);
}

}  // namespace profd
