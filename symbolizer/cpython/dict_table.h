// Dictionaries of a live interpreter. They may change while they are read: what comes out may be
// stale or torn, and every pointer must be checked for what it is taken to be.
#ifndef PROFD_SYMBOLIZER_CPYTHON_DICT_TABLE_H_
#define PROFD_SYMBOLIZER_CPYTHON_DICT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "symbolizer/cpython/object_layout.h"
#include "symbolizer/process/memory.h"

namespace profd {

struct DictEntry {
  uint64_t key = 0;
  uint64_t value = 0;  // 0: deleted, or not set in this instance
  int64_t hash = 0;    // 0 in 3.11+'s tables that have str keys only
};

// A PyDictKeysObject, which instances of a class can share.
struct DictKeys {
  uint64_t address = 0;
  uint64_t entries = 0;  // address
  uint64_t slots = 0;    // of the hash table
  size_t count = 0;      // entries ever added, deleted ones included; at most kMaxDictEntries
  bool general = false;  // entries carry a hash

  // Entries are only ever appended to a table: what was read of an equal one before still holds.
  bool SameTable(const DictKeys& other) const {
    return address == other.address && slots == other.slots;
  }
};
inline constexpr size_t kMaxDictEntries = size_t{1} << 20;

struct DictTable {
  DictKeys keys;
  uint64_t values = 0;  // address of a split table's first value, else 0
};

// Errors of all: kInvalidArgument when no such structure can be there; kResourceExhausted above
// kMaxDictEntries; else those of ProcessMemory::Read.
absl::StatusOr<DictTable> ReadDictTable(ProcessMemory& memory, const ObjectLayout& objects,
                                        uint64_t dict);
absl::StatusOr<DictKeys> ReadDictKeys(ProcessMemory& memory, const ObjectLayout& objects,
                                      uint64_t keys);
// In insertion order, from the entry with index `first` on, deleted ones included.
absl::StatusOr<std::vector<DictEntry>> ReadEntries(ProcessMemory& memory, const DictTable& table,
                                                   size_t first = 0);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_DICT_TABLE_H_
