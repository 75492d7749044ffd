// Where a file's linked addresses are in a process.
#ifndef PROFD_SYMBOLIZER_ELF_LOAD_BIAS_H_
#define PROFD_SYMBOLIZER_ELF_LOAD_BIAS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/process/process.h"

namespace profd {

// Load bias from all mappings of the file `elf` in one process (those of its device and inode, in
// the order of /proc/PID/maps). A file may be mapped more than once: read as data by the program,
// or left over from an earlier load. The bias that most of the file's segments agree with is taken;
// it is that of an executable mapping where the file has code. kNotFound when none fits.
absl::StatusOr<uint64_t> LoadBiasOfFile(const ElfFile& elf, absl::Span<const Mapping> mappings);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_ELF_LOAD_BIAS_H_
