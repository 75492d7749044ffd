#include "symbolizer/cpython/layouts.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layout_builder.h"

namespace profd {
namespace {

struct FieldOffset {
  py_field field;
  uint32_t offset;
};

struct VersionLayout {
  int minor;
  absl::Span<const FieldOffset> fields;
  UnicodeBits unicode_bits;
};

#include "symbolizer/cpython/layouts_generated.inc"

// What stands in front of _PyRuntimeState.gilstate grew by this many bytes in 3.7.4.
constexpr uint32_t kRuntimeGrowthIn374 = 88;

}  // namespace

std::string PythonVersion::ToString() const {
  return absl::StrCat(major, ".", minor, ".", micro, free_threaded ? "t" : "");
}

PythonVersion VersionFromHex(uint64_t py_version_hex) {
  return {.major = static_cast<int>(py_version_hex >> 24 & 0xff),
          .minor = static_cast<int>(py_version_hex >> 16 & 0xff),
          .micro = static_cast<int>(py_version_hex >> 8 & 0xff)};
}

absl::StatusOr<py_layout> LayoutForVersion(const PythonVersion& version) {
  for (const VersionLayout& known : kVersionLayouts) {
    if (version.major != 3 || version.minor != known.minor || version.free_threaded) continue;
    py_layout layout{};
    for (const FieldOffset& f : known.fields) SetField(layout, f.field, f.offset);
    if (version.minor == 7 && version.micro < 4) {
      layout.offset[PY_RUNTIME_TSS_KEY] -= kRuntimeGrowthIn374;
      layout.offset[PY_RUNTIME_TSTATE_CURRENT] -= kRuntimeGrowthIn374;
    }
    SetUnicodeBits(layout, known.unicode_bits);
    FinishLayout(layout, version);
    return layout;
  }
  return absl::UnimplementedError(
      absl::StrCat("Python ", version.ToString(), " is not supported: its layout is not known"));
}

}  // namespace profd
