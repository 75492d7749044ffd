// Is this ELF file a CPython interpreter, which one, and where are the things we need in it?
#ifndef PROFD_SYMBOLIZER_CPYTHON_INTERPRETER_IMAGE_H_
#define PROFD_SYMBOLIZER_CPYTHON_INTERPRETER_IMAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/elf/elf_file.h"

namespace profd {

struct AddressRange {
  uint64_t start = 0;
  uint64_t end = 0;
};

struct InterpreterImage {
  PythonVersion version;
  py_layout layout{};
  // Linked addresses; 0: unknown. `interp_head`, `tss_key`, `tstate_current` as in struct py_image.
  py_image addresses{};
  // Functions that run before any Python code in every way to start an interpreter (Py_BytesMain,
  // Py_Main, Py_InitializeFromConfig, Py_InitializeEx, …): linked addresses for probes.
  std::vector<uint64_t> start_functions;
  // The bytecode evaluation loop, cold parts included; may be empty (stripped, tail-call builds).
  std::vector<AddressRange> eval_loop;
};

// kNotFound: not an interpreter. kUnimplemented: an interpreter of a version we cannot read; the
// message names the version and the reason, for a report once per binary.
absl::StatusOr<InterpreterImage> InspectInterpreter(const ElfFile& elf);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_INTERPRETER_IMAGE_H_
