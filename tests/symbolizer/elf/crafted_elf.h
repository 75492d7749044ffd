// ELF files that a test makes up or damages.
#ifndef PROFD_TESTS_SYMBOLIZER_ELF_CRAFTED_ELF_H_
#define PROFD_TESTS_SYMBOLIZER_ELF_CRAFTED_ELF_H_

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "symbolizer/elf/elf_file.h"

namespace profd {

inline std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Opens bytes as a file.
inline absl::StatusOr<std::unique_ptr<ElfFile>> OpenBytes(const std::string& bytes) {
  const int fd = memfd_create("crafted", MFD_CLOEXEC);
  if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return absl::InternalError("memfd");
  }
  return ElfFile::FromDescriptor(fd);
}

inline Elf64_Phdr LoadSegment(uint64_t address, uint64_t offset, uint64_t file_size,
                              uint64_t memory_size, uint32_t flags) {
  Elf64_Phdr header = {};
  header.p_type = PT_LOAD;
  header.p_flags = flags;
  header.p_vaddr = address;
  header.p_offset = offset;
  header.p_filesz = file_size;
  header.p_memsz = memory_size;
  header.p_align = 4096;
  return header;
}

// A file of header, program headers, and `content` behind them.
inline std::string CraftElf(const std::vector<Elf64_Phdr>& segments, uint16_t type = ET_DYN,
                            const std::string& content = "") {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = type;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<uint16_t>(segments.size());
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char*>(segments.data()),
               segments.size() * sizeof(Elf64_Phdr));
  return bytes + content;
}

// The same file without section headers.
inline std::string WithoutSections(std::string bytes) {
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  header->e_shoff = 0;
  header->e_shnum = 0;
  header->e_shstrndx = SHN_UNDEF;
  return bytes;
}

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_ELF_CRAFTED_ELF_H_
