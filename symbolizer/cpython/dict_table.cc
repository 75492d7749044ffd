#include "symbolizer/cpython/dict_table.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/cpython/partial_read.h"

namespace profd {
namespace {

// Objects/dictobject.c: a table has at least 8 slots (before 3.11 empty ones have 1) and its
// entries take at most two thirds of them.
constexpr uint64_t kMaxSlots = kMaxDictEntries * 4;
constexpr uint64_t kGeneral = 0;  // enum DictKeysKind: DICT_KEYS_GENERAL
constexpr uint64_t kNewestKind = 2;

constexpr size_t kPointer = sizeof(uint64_t);

// Objects/dict-common.h of 3.6: DK_IXSIZE.
uint64_t IndexBytes(uint64_t slots) {
  if (slots <= 0xff) return 1;
  if (slots <= 0xffff) return 2;
  return 4;
}

absl::StatusOr<std::string> ReadArray(ProcessMemory& memory, uint64_t address, size_t bytes) {
  std::string raw(bytes, '\0');
  const absl::Status read =
      memory.Read(address, absl::MakeSpan(reinterpret_cast<std::byte*>(raw.data()), bytes));
  if (!read.ok()) return read;
  return raw;
}

}  // namespace

absl::StatusOr<DictTable> ReadDictTable(ProcessMemory& memory, const ObjectLayout& objects,
                                        uint64_t dict) {
  char buffer[64];
  const size_t least = objects.dict_values + kPointer;
  const absl::StatusOr<absl::string_view> head =
      ReadAtLeast(memory, dict, least, absl::MakeSpan(buffer, least));
  if (!head.ok()) return head.status();
  const absl::StatusOr<DictKeys> keys =
      ReadDictKeys(memory, objects, ValueAt<uint64_t>(*head, objects.dict_keys));
  if (!keys.ok()) return keys.status();
  const uint64_t values = ValueAt<uint64_t>(*head, objects.dict_values);
  return DictTable{*keys, values == 0 ? 0 : values + objects.values_items};
}

absl::StatusOr<DictKeys> ReadDictKeys(ProcessMemory& memory, const ObjectLayout& objects,
                                      uint64_t address) {
  char buffer[64];
  const absl::StatusOr<absl::string_view> head = ReadAtLeast(
      memory, address, objects.keys_indices, absl::MakeSpan(buffer, objects.keys_indices));
  if (!head.ok()) return head.status();

  DictKeys keys;
  keys.address = address;
  uint64_t index_bytes;
  const uint64_t count = ValueAt<uint64_t>(*head, objects.keys_entry_count);
  if (objects.keys_have_kind) {
    // dk_log2_size, dk_log2_index_bytes, dk_kind after dk_refcnt.
    const uint8_t log2_slots = ValueAt<uint8_t>(*head, 8);
    const uint8_t log2_index_bytes = ValueAt<uint8_t>(*head, 9);
    const uint8_t kind = ValueAt<uint8_t>(*head, 10);
    if (log2_slots >= 32 || log2_index_bytes >= 35 || kind > kNewestKind) {
      return absl::InvalidArgumentError("not the keys of a dict");
    }
    keys.slots = uint64_t{1} << log2_slots;
    keys.general = kind == kGeneral;
    index_bytes = uint64_t{1} << log2_index_bytes;
  } else {
    keys.slots = ValueAt<uint64_t>(*head, 8);
    keys.general = true;
    index_bytes = keys.slots * IndexBytes(keys.slots);
    if (keys.slots == 0 || (keys.slots & (keys.slots - 1)) != 0) {
      return absl::InvalidArgumentError("not the keys of a dict");
    }
  }
  if (count > keys.slots) return absl::InvalidArgumentError("not the keys of a dict");
  if (count > kMaxDictEntries || keys.slots > kMaxSlots) {
    return absl::ResourceExhaustedError(absl::StrCat("a dict of ", keys.slots, " slots"));
  }
  keys.count = count;
  keys.entries = address + objects.keys_indices + index_bytes;
  return keys;
}

absl::StatusOr<std::vector<DictEntry>> ReadEntries(ProcessMemory& memory, const DictTable& table,
                                                   size_t first) {
  std::vector<DictEntry> entries;
  if (first >= table.keys.count) return entries;
  const size_t count = table.keys.count - first;
  // PyDictKeyEntry: hash, key, value; PyDictUnicodeEntry: key, value.
  const size_t key_offset = table.keys.general ? kPointer : 0;
  const size_t entry_bytes = key_offset + 2 * kPointer;
  const absl::StatusOr<std::string> raw =
      ReadArray(memory, table.keys.entries + first * entry_bytes, count * entry_bytes);
  if (!raw.ok()) return raw.status();
  absl::StatusOr<std::string> values;
  if (table.values != 0) {
    values = ReadArray(memory, table.values + first * kPointer, count * kPointer);
    if (!values.ok()) return values.status();
  }
  entries.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * entry_bytes;
    DictEntry entry;
    entry.key = ValueAt<uint64_t>(*raw, at + key_offset);
    entry.value = table.values != 0 ? ValueAt<uint64_t>(*values, i * kPointer)
                                    : ValueAt<uint64_t>(*raw, at + key_offset + kPointer);
    if (table.keys.general) entry.hash = ValueAt<int64_t>(*raw, at);
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace profd
