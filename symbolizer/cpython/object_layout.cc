#include "symbolizer/cpython/object_layout.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/layouts.h"

namespace profd {
namespace {

constexpr int kOldestMinor = 6;
constexpr uint32_t kPointer = sizeof(uint64_t);

// Include/cpython/object.h: PyHeapTypeObject.ht_cached_keys, less the size of PyObject. It grew by
// tp_watched in 3.12 and by _tp_iteritem in 3.15.
uint32_t CachedKeysAfterHead(int minor) { return minor >= 15 ? 872 : minor >= 12 ? 864 : 856; }

}  // namespace

absl::StatusOr<ObjectLayout> ObjectLayoutFor(const py_layout& layout) {
  const PythonVersion version = VersionFromHex(layout.version);
  if (version.major != 3 || version.minor < kOldestMinor || version.minor > kLastKnownMinor ||
      !Has(layout, PY_OBJECT_TYPE)) {
    return absl::UnimplementedError(
        absl::StrCat("objects of Python ", version.ToString(), " are not known"));
  }
  const int minor = version.minor;
  ObjectLayout objects;
  objects.object_type = layout.offset[PY_OBJECT_TYPE];
  // Include/object.h: ob_type is the last member of PyObject, free-threaded builds included.
  const uint32_t head = objects.object_type + kPointer;

  // Include/cpython/dictobject.h: PyDictObject; Include/internal/pycore_dict.h (before 3.11
  // Objects/dict-common.h): struct _dictkeysobject, struct _dictvalues.
  objects.dict_keys = head + 2 * kPointer;
  objects.dict_values = head + 3 * kPointer;
  objects.keys_have_kind = minor >= 11;
  objects.keys_entry_count = minor >= 11 ? 24 : 32;
  objects.keys_indices = objects.keys_entry_count + kPointer;
  objects.values_items = minor >= 13 ? 8 : 0;
  objects.module_dict = head;  // Include/internal/pycore_moduleobject.h

  // Include/cpython/object.h: struct _typeobject, after PyVarObject and tp_name.
  objects.type_basicsize = head + 2 * kPointer;
  objects.type_flags = head + 19 * kPointer;
  objects.type_dictoffset = head + 34 * kPointer;
  objects.type_cached_keys = head + CachedKeysAfterHead(minor);

  // Include/internal/pycore_object.h: _PyObject_ValuesPointer (3.11), _PyObject_DictOrValuesPointer
  // (3.12), MANAGED_DICT_OFFSET (3.13+; free-threaded builds have no PyGC_Head between).
  objects.attributes = minor >= 13   ? InstanceAttributes::kInlineValues
                       : minor == 12 ? InstanceAttributes::kTaggedPointer
                       : minor == 11 ? InstanceAttributes::kValuesPointer
                                     : InstanceAttributes::kDictPointer;
  objects.dict_pointer_before = minor < 11 ? 0 : layout.free_threaded ? kPointer : 3 * kPointer;
  return objects;
}

}  // namespace profd
