// An ELF file that a stranger may have written: every offset, count and length is bounded, and
// nothing of the file is mapped (a file that shrinks must not kill the agent).
#ifndef PROFD_SYMBOLIZER_ELF_ELF_FILE_H_
#define PROFD_SYMBOLIZER_ELF_ELF_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace profd {

namespace elf_internal {
struct ElfData;
}

struct ElfSection {
  std::string name;  // at most 255 bytes of it
  uint32_t type = 0;
  uint64_t address = 0;  // virtual address as linked
  uint64_t offset = 0;   // in the file
  uint64_t size = 0;     // bytes
};

struct ElfSegment {  // PT_LOAD only, by address
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t file_size = 0;
  uint64_t memory_size = 0;
  bool executable = false;
};

struct ElfSymbol {
  std::string name;
  uint64_t address = 0;  // virtual address as linked
  uint64_t size = 0;     // 0: unknown
  bool is_function = false;
};

// Code of the procedure linkage table that jumps to another object's function.
struct PltStub {
  absl::string_view function;  // valid during the callback
  uint64_t address = 0;        // virtual address as linked
};

class ElfFile {
 public:
  // Takes over a file descriptor open for reading. kInvalidArgument: not a little-endian 64-bit
  // x86-64 or arm64 ELF executable or shared object in a regular file, or a malformed one. What the
  // loader does not need (sections, notes, symbols) is taken as absent where it is malformed.
  static absl::StatusOr<std::unique_ptr<ElfFile>> FromDescriptor(int fd);
  // For tools and tests.
  static absl::StatusOr<std::unique_ptr<ElfFile>> Open(const std::string& path);
  ~ElfFile();

  const std::vector<ElfSegment>& segments() const;
  const std::vector<ElfSection>& sections() const;
  const ElfSection* FindSection(absl::string_view name) const;  // null: absent
  std::string build_id() const;                                 // hex; empty: none
  bool position_independent() const;                            // ET_DYN
  int descriptor() const;

  // Defined functions and objects of .dynsym, then .symtab; without section headers .dynsym is
  // found by PT_DYNAMIC. Thread-local and absolute symbols and those of names over 4,096 bytes are
  // left out. Calls back for each until it returns false. At most 2,097,152 symbols are looked at.
  void ForEachSymbol(const std::function<bool(const ElfSymbol&)>& callback) const;
  // Looks several names up in one pass; result is parallel to `names`. Of several symbols of one
  // name the first global one is taken, else the first local one.
  std::vector<std::optional<ElfSymbol>> FindSymbols(
      const std::vector<absl::string_view>& names) const;
  // True when `name` is a copy-relocated object of an executable (R_X86_64_COPY): the loader put
  // the library's variable there, and the library uses it there too.
  bool HasCopyRelocation(absl::string_view name) const;
  // The stubs of .plt, .plt.sec and .plt.got, by the relocations of the slots they jump through,
  // until the callback returns false. At most 1 MiB of stubs; x86-64 only.
  void ForEachPltStub(const std::function<bool(const PltStub&)>& callback) const;

  // Reads file contents at a virtual address; bytes past the segment's file part are zero (bss).
  // kOutOfRange when any byte is outside of one segment, or of the file.
  absl::Status ReadAddress(uint64_t address, void* out, size_t bytes) const;
  absl::Status ReadOffset(uint64_t offset, void* out, size_t bytes) const;

 private:
  explicit ElfFile(std::unique_ptr<const elf_internal::ElfData> data);
  std::unique_ptr<const elf_internal::ElfData> data_;
};

// Load bias of a mapped file: what to add to a linked address, from one of its mappings
// [map_start, …) at file offset `map_offset`, modulo 2^64. kNotFound when no segment fits that
// mapping. Give an executable mapping: one of data can fit two segments that share a page of the
// file.
absl::StatusOr<uint64_t> LoadBias(const ElfFile& elf, uint64_t map_start, uint64_t map_offset,
                                  uint64_t map_bytes);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_ELF_ELF_FILE_H_
