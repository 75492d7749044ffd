#include <elf.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "symbolizer/elf/elf_data.h"
#include "symbolizer/elf/elf_entries.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/string_table.h"

namespace profd {
namespace {

using elf_internal::ElfContents;
using elf_internal::FileRange;
using elf_internal::ForEachEntry;
using elf_internal::StringTable;
using elf_internal::SymbolTable;

constexpr uint64_t kMaxRelocations = 8 << 20;

// Names of the symbols that relocations refer to, by index.
class RelocationSymbols {
 public:
  RelocationSymbols(const ElfContents& contents, const SymbolTable& table)
      : contents_(contents), symbols_(table.symbols), names_(contents, table.names) {}

  // Valid until the next call.
  std::optional<absl::string_view> NameOf(uint64_t index) {
    Elf64_Sym symbol;
    if (index >= symbols_.bytes / sizeof(symbol)) return std::nullopt;
    const uint64_t offset = symbols_.offset + index * sizeof(symbol);
    if (!contents_.ReadOffset(offset, &symbol, sizeof(symbol)).ok()) return std::nullopt;
    return names_.At(symbol.st_name);
  }

 private:
  const ElfContents& contents_;
  FileRange symbols_;
  StringTable names_;
};

// Indexes of functions' symbols by the address of the slot the loader puts the function in.
using Slots = absl::flat_hash_map<uint64_t, uint64_t>;

void AddSlots(const ElfContents& contents, FileRange relocations, size_t max_slots, Slots& slots) {
  ForEachEntry<Elf64_Rela>(contents, relocations, kMaxRelocations, [&](const Elf64_Rela& entry) {
    const uint32_t type = ELF64_R_TYPE(entry.r_info);
    if (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) {
      slots.emplace(entry.r_offset, ELF64_R_SYM(entry.r_info));
    }
    return slots.size() < max_slots;
  });
}

}  // namespace

bool ElfFile::HasCopyRelocation(absl::string_view name) const {
  if (!data_->dynsym.has_value()) return false;
  const uint32_t copy = data_->machine == EM_AARCH64 ? R_AARCH64_COPY : R_X86_64_COPY;
  RelocationSymbols symbols(data_->contents, *data_->dynsym);
  constexpr int kMaxCopies = 16384;  // each costs reads; programs have some dozens
  int copies = 0;
  bool found = false;
  ForEachEntry<Elf64_Rela>(data_->contents, data_->dynamic.relocations, kMaxRelocations,
                           [&](const Elf64_Rela& entry) {
                             if (ELF64_R_TYPE(entry.r_info) != copy) return true;
                             found = symbols.NameOf(ELF64_R_SYM(entry.r_info)) == name;
                             return !found && ++copies < kMaxCopies;
                           });
  return found;
}

void ElfFile::ForEachPltStub(const std::function<bool(const PltStub&)>& callback) const {
  constexpr size_t kMaxStubs = 64 << 10;
  constexpr uint64_t kMaxBytes = kMaxStubs * 16;
  // jmp *displacement(%rip), within the first eight bytes of a stub: after endbr64 or a bnd prefix,
  // if any. Stubs are 8 or 16 bytes long and aligned (System V ABI, AMD64 supplement, 5.2).
  constexpr uint8_t kIndirectJump[] = {0xff, 0x25};
  constexpr size_t kJumpBytes = 6;
  constexpr uint64_t kAlignment = 8;

  if (data_->machine != EM_X86_64 || !data_->dynsym.has_value()) return;
  Slots slots;
  AddSlots(data_->contents, data_->dynamic.plt_relocations, kMaxStubs, slots);
  AddSlots(data_->contents, data_->dynamic.relocations, kMaxStubs, slots);
  RelocationSymbols symbols(data_->contents, *data_->dynsym);
  uint64_t budget = kMaxBytes;
  std::vector<uint8_t> code;
  for (const ElfSection& section : data_->sections) {
    if (section.type != SHT_PROGBITS || section.size > budget) continue;
    if (section.name != ".plt" && !absl::StartsWith(section.name, ".plt.")) continue;
    budget -= section.size;
    code.resize(section.size);
    if (!data_->contents.ReadOffset(section.offset, code.data(), code.size()).ok()) continue;
    for (size_t at = 0; at + kJumpBytes <= code.size(); ++at) {
      if (std::memcmp(&code[at], kIndirectJump, sizeof(kIndirectJump)) != 0) continue;
      int32_t displacement;
      std::memcpy(&displacement, &code[at + sizeof(kIndirectJump)], sizeof(displacement));
      const uint64_t jump = section.address + at;
      const auto slot =
          slots.find(jump + kJumpBytes + static_cast<uint64_t>(int64_t{displacement}));
      if (slot == slots.end()) continue;
      const auto name = symbols.NameOf(slot->second);
      if (!name.has_value() || name->empty()) continue;
      if (!callback({*name, jump & ~(kAlignment - 1)})) return;
    }
  }
}

}  // namespace profd
