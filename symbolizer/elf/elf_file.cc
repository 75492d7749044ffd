#include "symbolizer/elf/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "symbolizer/elf/elf_data.h"
#include "symbolizer/elf/string_table.h"

namespace profd {

static_assert(std::endian::native == std::endian::little, "files are read as they are");

namespace {

using elf_internal::ElfContents;
using elf_internal::ElfData;
using elf_internal::FileRange;
using elf_internal::StringTable;
using elf_internal::SymbolTable;

constexpr uint64_t kMaxSections = 65536;
// The kernel takes no more (load_elf_phdrs() in fs/binfmt_elf.c).
constexpr size_t kMaxProgramHeaders = 65536 / sizeof(Elf64_Phdr);
constexpr size_t kMaxSectionNameBytes = 255;

absl::StatusOr<Elf64_Ehdr> ReadHeader(const ElfContents& contents) {
  Elf64_Ehdr header;
  if (!contents.ReadOffset(0, &header, sizeof(header)).ok() ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return absl::InvalidArgumentError("not an ELF file");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64)) {
    return absl::InvalidArgumentError("an ELF file of another machine");
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return absl::InvalidArgumentError("neither an executable nor a shared object");
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > kMaxProgramHeaders) {
    return absl::InvalidArgumentError("no program headers, or too many");
  }
  return header;
}

absl::StatusOr<std::vector<ElfSegment>> LoadSegments(const std::vector<Elf64_Phdr>& headers) {
  std::vector<ElfSegment> segments;
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type != PT_LOAD) continue;
    if (header.p_filesz > header.p_memsz || header.p_memsz > UINT64_MAX - header.p_vaddr ||
        header.p_filesz > UINT64_MAX - header.p_offset) {
      return absl::InvalidArgumentError("a malformed segment");
    }
    segments.push_back({header.p_vaddr, header.p_offset, header.p_filesz, header.p_memsz,
                        (header.p_flags & PF_X) != 0});
  }
  if (segments.empty()) return absl::InvalidArgumentError("nothing to load");
  std::stable_sort(segments.begin(), segments.end(),
                   [](const ElfSegment& a, const ElfSegment& b) { return a.address < b.address; });
  return segments;
}

// Empty when the file has none, or not whole: the loader runs such a file too.
std::vector<Elf64_Shdr> ReadSectionHeaders(const ElfContents& contents, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) return {};
  uint64_t count = header.e_shnum;
  if (count == 0) {  // too many for 16 bits: the first section header tells (elf(5))
    Elf64_Shdr first;
    if (!contents.ReadOffset(header.e_shoff, &first, sizeof(first)).ok()) return {};
    count = first.sh_size;
  }
  if (count > kMaxSections) return {};
  if (contents.Clip({header.e_shoff, count * sizeof(Elf64_Shdr)}).bytes <
      count * sizeof(Elf64_Shdr)) {
    return {};
  }
  std::vector<Elf64_Shdr> result(count);
  if (!contents.ReadOffset(header.e_shoff, result.data(), count * sizeof(Elf64_Shdr)).ok()) {
    return {};
  }
  return result;
}

std::vector<ElfSection> NameSections(const ElfContents& contents, const Elf64_Ehdr& header,
                                     const std::vector<Elf64_Shdr>& headers) {
  uint64_t names_index = header.e_shstrndx;
  if (names_index == SHN_XINDEX && !headers.empty()) names_index = headers[0].sh_link;
  FileRange names;
  if (names_index < headers.size() && headers[names_index].sh_type == SHT_STRTAB) {
    names = {headers[names_index].sh_offset, headers[names_index].sh_size};
  }
  StringTable strings(contents, names);
  std::vector<ElfSection> sections;
  sections.reserve(headers.size());
  for (const Elf64_Shdr& section : headers) {
    const absl::string_view name = strings.At(section.sh_name).value_or("");
    sections.push_back({std::string(name.substr(0, kMaxSectionNameBytes)), section.sh_type,
                        section.sh_addr, section.sh_offset, section.sh_size});
  }
  return sections;
}

std::optional<SymbolTable> TableOfType(const ElfContents& contents,
                                       const std::vector<Elf64_Shdr>& headers, uint32_t type) {
  for (const Elf64_Shdr& section : headers) {
    if (section.sh_type != type || section.sh_entsize != sizeof(Elf64_Sym)) continue;
    if (section.sh_link >= headers.size()) continue;
    const Elf64_Shdr& names = headers[section.sh_link];
    if (names.sh_type != SHT_STRTAB) continue;
    return SymbolTable{contents.Clip({section.sh_offset, section.sh_size}),
                       contents.Clip({names.sh_offset, names.sh_size})};
  }
  return std::nullopt;
}

std::string FindBuildId(const ElfContents& contents, const std::vector<Elf64_Phdr>& segments,
                        const std::vector<Elf64_Shdr>& sections) {
  constexpr int kMaxNotes = 64;
  int looked_at = 0;
  for (const Elf64_Phdr& note : segments) {
    if (note.p_type != PT_NOTE || ++looked_at > kMaxNotes) continue;
    std::string id = ReadBuildId(contents, {note.p_offset, note.p_filesz}, note.p_align);
    if (!id.empty()) return id;
  }
  for (const Elf64_Shdr& note : sections) {
    if (note.sh_type != SHT_NOTE || ++looked_at > kMaxNotes) continue;
    std::string id = ReadBuildId(contents, {note.sh_offset, note.sh_size}, note.sh_addralign);
    if (!id.empty()) return id;
  }
  return "";
}

// PT_DYNAMIC, unless this is a separate debug file: those keep the program headers of the file they
// were split from, without what they point to.
FileRange DynamicRange(const std::vector<Elf64_Phdr>& segments,
                       const std::vector<ElfSection>& sections) {
  for (const ElfSection& section : sections) {
    if (section.name == ".dynamic" && section.type == SHT_NOBITS) return {};
  }
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_DYNAMIC) return {segment.p_offset, segment.p_filesz};
  }
  return {};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ElfFile>> ElfFile::FromDescriptor(int fd) {
  Descriptor descriptor(fd);
  struct stat file;
  if (fstat(fd, &file) != 0) return absl::ErrnoToStatus(errno, "fstat");
  if (!S_ISREG(file.st_mode)) return absl::InvalidArgumentError("not a regular file");

  auto data = std::make_unique<ElfData>(
      ElfData{ElfContents(std::move(descriptor), static_cast<uint64_t>(file.st_size))});
  ElfContents& contents = data->contents;
  absl::StatusOr<Elf64_Ehdr> header = ReadHeader(contents);
  if (!header.ok()) return header.status();
  data->type = header->e_type;
  data->machine = header->e_machine;

  std::vector<Elf64_Phdr> program_headers(header->e_phnum);
  if (!contents
           .ReadOffset(header->e_phoff, program_headers.data(),
                       program_headers.size() * sizeof(Elf64_Phdr))
           .ok()) {
    return absl::InvalidArgumentError("program headers past the end of the file");
  }
  absl::StatusOr<std::vector<ElfSegment>> segments = LoadSegments(program_headers);
  if (!segments.ok()) return segments.status();
  contents.set_segments(*std::move(segments));

  const std::vector<Elf64_Shdr> section_headers = ReadSectionHeaders(contents, *header);
  data->sections = NameSections(contents, *header, section_headers);
  data->build_id = FindBuildId(contents, program_headers, section_headers);
  data->dynamic = ReadDynamicSection(contents, DynamicRange(program_headers, data->sections));
  data->dynsym = TableOfType(contents, section_headers, SHT_DYNSYM);
  if (!data->dynsym.has_value()) data->dynsym = data->dynamic.symbols;
  data->symtab = TableOfType(contents, section_headers, SHT_SYMTAB);
  return std::unique_ptr<ElfFile>(new ElfFile(std::move(data)));
}

absl::StatusOr<std::unique_ptr<ElfFile>> ElfFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, path);
  return FromDescriptor(fd);
}

ElfFile::ElfFile(std::unique_ptr<const ElfData> data) : data_(std::move(data)) {}
ElfFile::~ElfFile() = default;

const std::vector<ElfSegment>& ElfFile::segments() const { return data_->contents.segments(); }
const std::vector<ElfSection>& ElfFile::sections() const { return data_->sections; }
std::string ElfFile::build_id() const { return data_->build_id; }
bool ElfFile::position_independent() const { return data_->type == ET_DYN; }
int ElfFile::descriptor() const { return data_->contents.descriptor(); }

const ElfSection* ElfFile::FindSection(absl::string_view name) const {
  for (const ElfSection& section : data_->sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

absl::Status ElfFile::ReadAddress(uint64_t address, void* out, size_t bytes) const {
  return data_->contents.ReadAddress(address, out, bytes);
}

absl::Status ElfFile::ReadOffset(uint64_t offset, void* out, size_t bytes) const {
  return data_->contents.ReadOffset(offset, out, bytes);
}

}  // namespace profd
