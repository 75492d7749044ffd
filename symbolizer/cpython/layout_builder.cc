#include "symbolizer/cpython/layout_builder.h"

#include <algorithm>
#include <initializer_list>

namespace profd {
namespace {

// FRAME_OWNED_BY_CSTACK in 3.12-3.13, FRAME_OWNED_BY_INTERPRETER from 3.14 on.
constexpr uint8_t kFirstOwnerWithoutPythonCode = 3;

struct FieldBytes {
  py_field field;
  uint32_t bytes;
};

// Where the last of the layout's fields ends, rounded up to whole words.
uint32_t EndOf(const py_layout& layout, std::initializer_list<FieldBytes> fields) {
  uint32_t end = 0;
  for (const FieldBytes& f : fields) {
    if (Has(layout, f.field)) end = std::max(end, layout.offset[f.field] + f.bytes);
  }
  return (end + 7) & ~uint32_t{7};
}

uint32_t FrameBytes(const py_layout& layout) {
  const uint32_t instr_bytes = layout.instr_kind == PY_INSTR_POINTER ? 8 : 4;
  return EndOf(layout, {{PY_FRAME_PREVIOUS, 8},
                        {PY_FRAME_CODE, 8},
                        {PY_FRAME_INSTR, instr_bytes},
                        {PY_FRAME_OWNER, 1},
                        {PY_FRAME_TLBC_INDEX, 4}});
}

uint32_t CodeBytes(const py_layout& layout) {
  return EndOf(layout, {{PY_OBJECT_TYPE, 8},
                        {PY_CODE_NAME, 8},
                        {PY_CODE_QUALNAME, 8},
                        {PY_CODE_FILENAME, 8},
                        {PY_CODE_FIRSTLINENO, 4},
                        {PY_CODE_LINETABLE, 8},
                        {PY_CODE_UNITS, 8},
                        {PY_CODE_FIRSTTRACEABLE, 4},
                        {PY_CODE_VERSION, 4},
                        {PY_CODE_TLBC, 8}});
}

}  // namespace

void SetUnicodeBits(py_layout& layout, const UnicodeBits& bits) {
  layout.unicode_kind_shift = bits.kind;
  layout.unicode_compact_shift = bits.compact;
  layout.unicode_ascii_shift = bits.ascii;
}

void FinishLayout(py_layout& layout, const PythonVersion& version) {
  const int minor = version.minor;
  layout.version = static_cast<uint32_t>(version.major) << 24 | static_cast<uint32_t>(minor) << 16 |
                   static_cast<uint32_t>(version.micro) << 8;
  layout.free_threaded = version.free_threaded;
  layout.frame_style = minor <= 10   ? PY_FRAME_STYLE_OBJECT
                       : minor <= 12 ? PY_FRAME_STYLE_CFRAME
                                     : PY_FRAME_STYLE_DIRECT;
  layout.instr_kind = minor <= 9    ? PY_INSTR_LASTI_BYTES
                      : minor == 10 ? PY_INSTR_LASTI_UNITS
                                    : PY_INSTR_POINTER;
  // 3.15 embeds the frame in _PyThreadStateImpl; the field is PyThreadState.base_frame, a pointer.
  layout.base_frame_kind =
      Has(layout, PY_TSTATE_BASE_FRAME) ? PY_BASE_FRAME_POINTER : PY_BASE_FRAME_NONE;
  layout.owner_skip_min = Has(layout, PY_FRAME_OWNER) ? kFirstOwnerWithoutPythonCode : 0;
  layout.frame_bytes = FrameBytes(layout);
  layout.code_bytes = CodeBytes(layout);
}

}  // namespace profd
