// Where a CPython build keeps the attributes of objects and the entries of dictionaries.
#ifndef PROFD_SYMBOLIZER_CPYTHON_OBJECT_LAYOUT_H_
#define PROFD_SYMBOLIZER_CPYTHON_OBJECT_LAYOUT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "bpf/events.h"

namespace profd {

// How an instance holds the attributes that its class's methods set.
enum class InstanceAttributes : uint8_t {
  kDictPointer,    // <= 3.10: a dict at tp_dictoffset
  kValuesPointer,  // 3.11: in front of the object a pointer to values, then one to a dict
  kTaggedPointer,  // 3.12: in front of the object a pointer to a dict, or with bit 0 set to values
  kInlineValues,   // 3.13+: a dict pointer in front of the object, values after it
};

// Byte offsets, from the start of the structure each is named after.
struct ObjectLayout {
  uint32_t object_type = 0;
  uint32_t dict_keys = 0;
  uint32_t dict_values = 0;
  uint32_t module_dict = 0;
  // PyDictKeysObject: 3.11+ keeps logarithms and a kind, earlier ones the number of slots.
  bool keys_have_kind = false;
  uint32_t keys_entry_count = 0;
  uint32_t keys_indices = 0;
  uint32_t type_basicsize = 0;
  uint32_t type_flags = 0;
  uint32_t type_dictoffset = 0;
  uint32_t type_cached_keys = 0;  // PyHeapTypeObject; 3.11+
  InstanceAttributes attributes = InstanceAttributes::kDictPointer;
  uint32_t dict_pointer_before = 0;  // bytes in front of an instance; 3.11+
  uint32_t values_items = 0;         // PyDictValues: the first value
};

// kUnimplemented for a version whose objects are not known.
absl::StatusOr<ObjectLayout> ObjectLayoutFor(const py_layout& layout);

// Include/object.h: Py_TPFLAGS_…
inline constexpr uint64_t kTypeHasInlineValues = 1u << 2;  // 3.13+
inline constexpr uint64_t kTypeHasManagedDict = 1u << 4;   // 3.11+
inline constexpr uint64_t kTypeIsHeapType = 1u << 9;
inline constexpr uint64_t kTypeIsStrSubclass = 1u << 28;
inline constexpr uint64_t kTypeIsDictSubclass = 1u << 29;

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_OBJECT_LAYOUT_H_
