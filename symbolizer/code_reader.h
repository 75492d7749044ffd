// Code objects, from the kernel's record of one or from the memory of its process.
#ifndef PROFD_SYMBOLIZER_CODE_READER_H_
#define PROFD_SYMBOLIZER_CODE_READER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpf/events.h"
#include "symbolizer/code_cache.h"
#include "symbolizer/process/memory.h"

namespace profd {

// `payload` is what follows `record` in the ring buffer. kInvalidArgument: lengths that do not
// fit. kUnavailable: the kernel could not send everything, so it must be read from memory.
absl::StatusOr<CodeDescription> DescribeCode(const code_record& record, absl::string_view payload,
                                             const py_layout& layout);

// Reads the code object at `address`. Fails as `memory` does; kInvalidArgument when there is no
// code object.
absl::StatusOr<CodeDescription> ReadCode(ProcessMemory& memory, const py_layout& layout,
                                         uint64_t address);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CODE_READER_H_
