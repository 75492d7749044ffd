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

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace profd {

struct ElfSection {
  std::string name;
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

class ElfFile {
 public:
  // Takes over a file descriptor open for reading. kInvalidArgument: not a little-endian 64-bit
  // x86-64 or arm64 ELF executable or shared object, or a malformed one.
  static absl::StatusOr<std::unique_ptr<ElfFile>> FromDescriptor(int fd);
  static absl::StatusOr<std::unique_ptr<ElfFile>> Open(const std::string& path);  // for tools and tests
  ~ElfFile();

  const std::vector<ElfSegment>& segments() const;
  const std::vector<ElfSection>& sections() const;
  const ElfSection* FindSection(absl::string_view name) const;  // null: absent
  std::string build_id() const;                                 // hex; empty: none
  std::string soname() const;                                   // DT_SONAME; empty: none
  std::vector<std::string> needed() const;                      // DT_NEEDED
  bool position_independent() const;                            // ET_DYN
  int descriptor() const;

  // Defined symbols of .dynsym, then .symtab. Calls back for each until it returns false. The
  // number of symbols looked at is bounded.
  void ForEachSymbol(const std::function<bool(const ElfSymbol&)>& callback) const;
  // Looks several names up in one pass; result is parallel to `names`.
  std::vector<std::optional<ElfSymbol>> FindSymbols(const std::vector<absl::string_view>& names) const;
  // True when `name` is a copy-relocated object of an executable (R_X86_64_COPY): the loader put
  // the library's variable there.
  bool HasCopyRelocation(absl::string_view name) const;

  // Reads file contents at a virtual address; bytes past the segment's file part are zero (bss).
  absl::Status ReadAddress(uint64_t address, void* out, size_t bytes) const;
  absl::Status ReadOffset(uint64_t offset, void* out, size_t bytes) const;

 private:
  struct Data;
  explicit ElfFile(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

// Load bias of a mapped file: what to add to a linked address, from one of its mappings
// [map_start, …) at file offset `map_offset`. kNotFound when no segment fits that mapping.
absl::StatusOr<uint64_t> LoadBias(const ElfFile& elf, uint64_t map_start, uint64_t map_offset,
                                  uint64_t map_bytes);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_ELF_ELF_FILE_H_
