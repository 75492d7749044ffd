// What a CPython version looks like from outside. The only place that knows versions; the
// kernel's programs know offsets only (struct py_layout in bpf/events.h).
#ifndef PROFD_SYMBOLIZER_CPYTHON_LAYOUTS_H_
#define PROFD_SYMBOLIZER_CPYTHON_LAYOUTS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "bpf/events.h"

namespace profd {

struct PythonVersion {
  int major = 0;
  int minor = 0;
  int micro = 0;
  bool free_threaded = false;
  bool operator==(const PythonVersion&) const = default;
  std::string ToString() const;  // "3.11.7", "3.14.0t"
};
PythonVersion VersionFromHex(uint64_t py_version_hex);

// 3.6–3.12: from the generated table. kUnimplemented for any other version; the message names it.
absl::StatusOr<py_layout> LayoutForVersion(const PythonVersion& version);

// 3.13+: from the interpreter's own _Py_DebugOffsets (the bytes at _PyRuntime; at least
// kDebugOffsetsMaxBytes where there are so many). Every value is validated: an offset must lie
// inside the size that the table gives for its structure and be aligned. kInvalidArgument: no
// such table or an impossible one; kUnimplemented: a version whose table has a form not known.
// A later minor than kLastKnownMinor is read by its own table if that extends the last known one;
// then what the table does not tell is absent, except for the bits of PyASCIIObject.state, which
// the caller must prove (string_probe.h).
inline constexpr size_t kDebugOffsetsMaxBytes = 2048;
inline constexpr int kLastKnownMinor = 15;
absl::StatusOr<py_layout> LayoutFromDebugOffsets(absl::Span<const std::byte> runtime);
absl::StatusOr<PythonVersion> VersionFromDebugOffsets(absl::Span<const std::byte> runtime);

inline bool Has(const py_layout& layout, py_field field) { return (layout.has >> field) & 1; }

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_LAYOUTS_H_
