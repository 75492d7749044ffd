// Any bytes as an ELF file. Start it with a few small shared objects as inputs.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "symbolizer/elf/elf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) abort();
  auto elf = profd::ElfFile::FromDescriptor(fd);
  if (!elf.ok()) return 0;
  uint64_t last = 0;
  (*elf)->ForEachSymbol([&](const profd::ElfSymbol& symbol) {
    if (symbol.name.empty() || symbol.name.size() > 4096) abort();
    last = symbol.address;
    return true;
  });
  (*elf)->FindSymbols({"_PyRuntime", "PyEval_EvalCode"});
  (*elf)->HasCopyRelocation("_PyRuntime");
  char bytes[64];
  (*elf)->ReadAddress(last, bytes, sizeof(bytes)).IgnoreError();
  (*elf)->ForEachPltStub([](const profd::PltStub& stub) {
    if (stub.function.empty() || stub.function.size() > 4096) abort();
    return true;
  });
  for (const profd::ElfSegment& segment : (*elf)->segments()) {
    profd::LoadBias(**elf, 0x7f0000000000, segment.offset & ~uint64_t{0xfff}, 0x1000).IgnoreError();
  }
  return 0;
}
