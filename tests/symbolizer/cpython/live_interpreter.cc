#include "tests/symbolizer/cpython/live_interpreter.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/process/process.h"

namespace profd::testing {

absl::StatusOr<LiveInterpreter> FindLiveInterpreter(pid_t pid) {
  absl::StatusOr<std::vector<Mapping>> mappings = ReadMappings(pid);
  if (!mappings.ok()) return mappings.status();
  std::set<std::string> seen;
  for (const Mapping& mapping : *mappings) {
    if (mapping.inode == 0 || !mapping.executable || !seen.insert(mapping.path).second) continue;
    auto elf = ElfFile::Open(mapping.path);
    if (!elf.ok()) continue;
    absl::StatusOr<InterpreterImage> image = InspectInterpreter(**elf);
    if (absl::IsNotFound(image.status())) continue;
    if (!image.ok()) return image.status();
    auto bias = LoadBias(**elf, mapping.start, mapping.offset, mapping.end - mapping.start);
    if (!bias.ok()) return bias.status();
    auto memory = RemoteMemory::Create(pid);
    if (!memory.ok()) return memory.status();
    return LiveInterpreter{mapping.path, *std::move(image), *bias, *std::move(memory)};
  }
  return absl::NotFoundError("no interpreter mapped");
}

}  // namespace profd::testing
