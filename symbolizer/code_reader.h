// Code objects, from the kernel's record of one or from the memory of its process.
#ifndef PROFD_SYMBOLIZER_CODE_READER_H_
#define PROFD_SYMBOLIZER_CODE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpf/events.h"
#include "symbolizer/code_cache.h"
#include "symbolizer/process/memory.h"

namespace profd {

// `payload` is what follows `record` in the ring buffer. kInvalidArgument: lengths that do not
// fit. kUnavailable: the kernel could not send a name, so it must be read from memory. What else it
// could not send is absent.
absl::StatusOr<CodeDescription> DescribeCode(const code_record& record, absl::string_view payload,
                                             const py_layout& layout);

// The code object that a record of the kernel's speaks of.
struct CodeReference {
  uint64_t address = 0;
  uint64_t incarnation = 0;
  uint64_t tag = 0;  // 0: whichever is there
};

// Reads a code object. Fails as `memory` does; kInvalidArgument when there is none; kNotFound when
// it is not that of the tag: another has its address by now, or took it meanwhile; kUnavailable
// when it looks freed. A line table of more than kMaxLineTableBytes is absent.
inline constexpr size_t kMaxLineTableBytes = 4 << 20;  // 450,000 lines of simple statements
absl::StatusOr<CodeDescription> ReadCode(ProcessMemory& memory, const py_layout& layout,
                                         const CodeReference& reference);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CODE_READER_H_
