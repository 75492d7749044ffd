// Types and attributes of a live interpreter's objects; as with dictionaries, they may change while
// they are read.
#ifndef PROFD_SYMBOLIZER_CPYTHON_OBJECT_READER_H_
#define PROFD_SYMBOLIZER_CPYTHON_OBJECT_READER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpf/events.h"
#include "symbolizer/cpython/dict_table.h"
#include "symbolizer/cpython/object_layout.h"
#include "symbolizer/cpython/page_cache.h"

namespace profd {

// A str that is a key. Names of modules and attributes are interned, so its address, once seen,
// finds it without reading every key.
struct InternedName {
  absl::string_view text;
  uint64_t address = 0;  // 0: not seen yet; else a guess until `checked`
  bool checked = false;  // the text at `address` has been compared
};

// Tells errors of one object, which may just have been freed, from those that end the whole look.
inline bool IsObjectError(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsOutOfRange(status);
}

// Remembers types and shared keys, so it is good for one look at a process only. Errors:
// kInvalidArgument when an object is not what it was taken for, else those of ProcessMemory::Read.
// The arguments of the constructor must outlive it.
class ObjectReader {
 public:
  ObjectReader(PageCache& memory, const py_layout& layout, const ObjectLayout& objects)
      : memory_(memory), layout_(layout), objects_(objects) {}

  // Fails unless the type of `object` has the flag (kTypeIsStrSubclass, …).
  absl::Status CheckType(uint64_t object, uint64_t type_flag);
  // The table of an object that must be a dict.
  absl::StatusOr<DictTable> Dict(uint64_t dict);

  // Index of the entry under a str key, or entries.size(). Sets `name.address` when found.
  absl::StatusOr<size_t> IndexOf(const std::vector<DictEntry>& entries, InternedName& name);
  // Value under a str key, 0 when there is none.
  absl::StatusOr<uint64_t> DictItem(uint64_t dict, InternedName& name);
  // Attribute in the instance's own dictionary or values, 0 when it has none.
  absl::StatusOr<uint64_t> InstanceAttribute(uint64_t object, InternedName& name);

 private:
  struct Type {
    uint64_t flags = 0;
    int64_t basicsize = 0;
    int64_t dictoffset = 0;
    uint64_t cached_keys = 0;  // 0: none
  };
  // Where an instance keeps its attributes: a dict, or values that belong to its type's keys.
  struct Attributes {
    uint64_t dict = 0;
    uint64_t values = 0;
    size_t capacity = 0;  // of values
  };

  absl::StatusOr<Type> TypeAt(uint64_t address);
  absl::StatusOr<Attributes> AttributesOf(uint64_t object, const Type& type,
                                          absl::string_view front);
  absl::StatusOr<size_t> SharedKeyIndex(uint64_t keys, InternedName& name);
  absl::StatusOr<bool> HasText(uint64_t str, absl::string_view text);

  PageCache& memory_;
  const py_layout& layout_;
  const ObjectLayout& objects_;
  absl::flat_hash_map<uint64_t, Type> types_;
  absl::flat_hash_map<std::pair<uint64_t, absl::string_view>, size_t> shared_key_index_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_OBJECT_READER_H_
