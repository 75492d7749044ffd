// Steps that every way to a py_layout shares.
#ifndef PROFD_SYMBOLIZER_CPYTHON_LAYOUT_BUILDER_H_
#define PROFD_SYMBOLIZER_CPYTHON_LAYOUT_BUILDER_H_

#include <cstdint>

#include "bpf/events.h"
#include "symbolizer/cpython/layouts.h"

namespace profd {

// First bits of the members of PyASCIIObject.state, which a generator reads from the compiler.
struct UnicodeBits {
  uint8_t kind;
  uint8_t compact;
  uint8_t ascii;
};

inline void SetField(py_layout& layout, py_field field, uint64_t offset) {
  layout.has |= uint64_t{1} << field;
  layout.offset[field] = static_cast<uint32_t>(offset);
}

void SetUnicodeBits(py_layout& layout, const UnicodeBits& bits);

// Fills in what follows from the minor version rather than from a structure: kinds, owners,
// `frame_bytes` and `code_bytes`. Requires every field to be set.
void FinishLayout(py_layout& layout, const PythonVersion& version);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_LAYOUT_BUILDER_H_
