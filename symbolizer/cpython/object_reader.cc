#include "symbolizer/cpython/object_reader.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/partial_read.h"
#include "symbolizer/cpython/unicode.h"

namespace profd {
namespace {

constexpr size_t kPointer = sizeof(uint64_t);
constexpr size_t kMaxTypes = 4096;
constexpr size_t kKeysPerBatch = 128;
constexpr int64_t kMaxInstanceBytes = 1 << 20;
constexpr size_t kMaxSharedKeys = 30;  // pycore_dict.h: SHARED_KEYS_MAX_SIZE, 3.11+

// Bytes in front of an instance that say where its attributes are.
uint32_t FrontBytes(const ObjectLayout& objects) {
  const bool has_values_pointer = objects.attributes == InstanceAttributes::kValuesPointer;
  return objects.dict_pointer_before + (has_values_pointer ? kPointer : 0);
}

}  // namespace

absl::Status ObjectReader::CheckType(uint64_t object, uint64_t type_flag) {
  const absl::StatusOr<uint64_t> type_address =
      memory_.Get<uint64_t>(object + objects_.object_type);
  if (!type_address.ok()) return type_address.status();
  const absl::StatusOr<Type> type = TypeAt(*type_address);
  if (!type.ok()) return type.status();
  if (type->flags & type_flag) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("unexpected type, flags ", type->flags));
}

absl::StatusOr<DictTable> ObjectReader::Dict(uint64_t dict) {
  if (absl::Status status = CheckType(dict, kTypeIsDictSubclass); !status.ok()) return status;
  return ReadDictTable(memory_, objects_, dict);
}

absl::StatusOr<size_t> ObjectReader::IndexOf(const std::vector<DictEntry>& entries,
                                             InternedName& name) {
  if (name.address != 0) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const DictEntry& entry) {
      return entry.key == name.address;
    });
    if (found != entries.end()) {
      if (!name.checked) {
        const absl::StatusOr<bool> same = HasText(name.address, name.text);
        if (!same.ok()) return same.status();
        name.checked = *same;
      }
      if (name.checked) return found - entries.begin();
    }
  }
  std::vector<uint64_t> keys;
  keys.reserve(entries.size());
  for (const DictEntry& entry : entries) keys.push_back(entry.key);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i % kKeysPerBatch == 0) {
      memory_.Prefetch(absl::MakeConstSpan(keys).subspan(i, kKeysPerBatch));
    }
    if (entries[i].key == 0) continue;
    const absl::StatusOr<bool> same = HasText(entries[i].key, name.text);
    if (!same.ok()) return same.status();
    if (!*same) continue;
    name.address = entries[i].key;
    name.checked = true;
    return i;
  }
  return entries.size();
}

absl::StatusOr<uint64_t> ObjectReader::DictItem(uint64_t dict, InternedName& name) {
  const absl::StatusOr<DictTable> table = Dict(dict);
  if (!table.ok()) return table.status();
  const absl::StatusOr<std::vector<DictEntry>> entries = ReadEntries(memory_, *table);
  if (!entries.ok()) return entries.status();
  const absl::StatusOr<size_t> index = IndexOf(*entries, name);
  if (!index.ok()) return index.status();
  return *index < entries->size() ? (*entries)[*index].value : 0;
}

absl::StatusOr<uint64_t> ObjectReader::InstanceAttribute(uint64_t object, InternedName& name) {
  // Enough for inline values of a usual class, so that one read serves.
  char buffer[320];
  const uint32_t front_bytes = FrontBytes(objects_);
  const uint64_t start = object - front_bytes;
  const absl::StatusOr<absl::string_view> bytes = ReadAtLeast(
      memory_, start, front_bytes + objects_.object_type + kPointer, absl::MakeSpan(buffer));
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<Type> type =
      TypeAt(ValueAt<uint64_t>(*bytes, front_bytes + objects_.object_type));
  if (!type.ok()) return type.status();
  const absl::StatusOr<Attributes> attributes = AttributesOf(object, *type, *bytes);
  if (!attributes.ok()) return attributes.status();
  if (attributes->dict != 0) return DictItem(attributes->dict, name);
  if (attributes->values == 0 || type->cached_keys == 0) return 0;

  const absl::StatusOr<size_t> index = SharedKeyIndex(type->cached_keys, name);
  if (!index.ok()) return index.status();
  if (*index >= attributes->capacity) return 0;
  const uint64_t address = attributes->values + *index * kPointer;
  const uint64_t offset = address - start;
  if (offset < bytes->size() && bytes->size() - offset >= kPointer) {
    return ValueAt<uint64_t>(*bytes, offset);
  }
  return memory_.Get<uint64_t>(address);
}

absl::StatusOr<ObjectReader::Attributes> ObjectReader::AttributesOf(uint64_t object,
                                                                    const Type& type,
                                                                    absl::string_view front) {
  if (objects_.attributes == InstanceAttributes::kDictPointer ||
      !(type.flags & kTypeHasManagedDict)) {
    // Negative: counted from the end of an object of variable size; no thread is one.
    if (type.dictoffset <= 0) return Attributes{};
    const absl::StatusOr<uint64_t> dict = memory_.Get<uint64_t>(object + type.dictoffset);
    if (!dict.ok()) return dict.status();
    return Attributes{.dict = *dict};
  }
  const uint32_t front_bytes = FrontBytes(objects_);
  const uint64_t pointer = ValueAt<uint64_t>(front, front_bytes - objects_.dict_pointer_before);
  if (objects_.attributes == InstanceAttributes::kTaggedPointer && (pointer & 1)) {
    return Attributes{.values = pointer + 1, .capacity = kMaxSharedKeys};
  }
  if (pointer != 0) return Attributes{.dict = pointer};
  if (objects_.attributes == InstanceAttributes::kValuesPointer) {
    return Attributes{.values = ValueAt<uint64_t>(front, 0), .capacity = kMaxSharedKeys};
  }
  if (objects_.attributes == InstanceAttributes::kInlineValues &&
      (type.flags & kTypeHasInlineValues)) {
    // struct _dictvalues: capacity, size, embedded, valid.
    const uint64_t values = object + type.basicsize;
    const absl::StatusOr<uint32_t> head = memory_.Get<uint32_t>(values);
    if (!head.ok()) return head.status();
    const bool valid = *head >> 24;
    if (valid)
      return Attributes{.values = values + objects_.values_items, .capacity = *head & 0xff};
  }
  return Attributes{};
}

absl::StatusOr<ObjectReader::Type> ObjectReader::TypeAt(uint64_t address) {
  if (const auto known = types_.find(address); known != types_.end()) return known->second;
  if (types_.size() >= kMaxTypes) return absl::ResourceExhaustedError("too many types");
  char buffer[512];
  const size_t least = objects_.type_dictoffset + kPointer;
  const absl::StatusOr<absl::string_view> bytes =
      ReadAtLeast(memory_, address, least, absl::MakeSpan(buffer, least));
  if (!bytes.ok()) return bytes.status();
  Type type{.flags = ValueAt<uint64_t>(*bytes, objects_.type_flags),
            .basicsize = ValueAt<int64_t>(*bytes, objects_.type_basicsize),
            .dictoffset = ValueAt<int64_t>(*bytes, objects_.type_dictoffset)};
  if (type.basicsize < 0 || type.basicsize > kMaxInstanceBytes ||
      type.dictoffset > kMaxInstanceBytes) {
    return absl::InvalidArgumentError("not a type");
  }
  if ((type.flags & kTypeIsHeapType) && (type.flags & kTypeHasManagedDict)) {
    const absl::StatusOr<uint64_t> keys =
        memory_.Get<uint64_t>(address + objects_.type_cached_keys);
    if (!keys.ok()) return keys.status();
    type.cached_keys = *keys;
  }
  types_.emplace(address, type);
  return type;
}

absl::StatusOr<size_t> ObjectReader::SharedKeyIndex(uint64_t keys, InternedName& name) {
  const auto place = std::make_pair(keys, name.text);
  if (const auto known = shared_key_index_.find(place); known != shared_key_index_.end()) {
    return known->second;
  }
  const absl::StatusOr<DictKeys> head = ReadDictKeys(memory_, objects_, keys);
  if (!head.ok()) return head.status();
  const absl::StatusOr<std::vector<DictEntry>> entries =
      ReadEntries(memory_, DictTable{.keys = *head});
  if (!entries.ok()) return entries.status();
  absl::StatusOr<size_t> index = IndexOf(*entries, name);
  if (index.ok()) shared_key_index_.emplace(place, *index);
  return index;
}

absl::StatusOr<bool> ObjectReader::HasText(uint64_t str, absl::string_view text) {
  const absl::StatusOr<std::string> found = ReadUnicode(memory_, layout_, str, text.size() + 1);
  if (found.ok()) return *found == text;
  if (IsObjectError(found.status())) return false;
  return found.status();
}

}  // namespace profd
