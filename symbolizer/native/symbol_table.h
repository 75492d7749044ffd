// Names by address, compact: 16 bytes a symbol and one string of all names.
#ifndef PROFD_SYMBOLIZER_NATIVE_SYMBOL_TABLE_H_
#define PROFD_SYMBOLIZER_NATIVE_SYMBOL_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace profd {

struct SymbolLimits {
  size_t symbols = size_t{2} << 20;
  size_t name_bytes = size_t{64} << 20;
};

class SymbolTable {
 public:
  // A longer name is cut.
  static constexpr size_t kMaxNameBytes = 1024;
  // How far a symbol of unknown size can reach at most.
  static constexpr uint64_t kMaxUnknownSize = uint64_t{1} << 20;

  struct Symbol {
    size_t index;
    uint64_t address;
    absl::string_view name;  // as long as the table lives
  };

  // The symbol that covers `address`; the innermost where symbols overlap.
  std::optional<Symbol> Find(uint64_t address) const;
  size_t size() const { return entries_.size(); }
  size_t bytes() const { return entries_.capacity() * sizeof(Entry) + names_.capacity(); }
  bool truncated() const { return truncated_; }  // symbols were left out for the limits

 private:
  friend class SymbolTableBuilder;
  struct Entry {
    uint64_t address;
    uint32_t size;
    uint32_t name;  // offset of a NUL-terminated name; empty: here nothing begins, something ends
  };
  const char* NameOf(const Entry& entry) const { return names_.data() + entry.name; }

  std::vector<Entry> entries_;  // by address, one each
  std::string names_;
  bool truncated_ = false;
};

class SymbolTableBuilder {
 public:
  enum class SameAddress {
    kBestName,  // fewest leading underscores, then a known size, then the shortest name
    kLast,      // the one added last: a JIT compiler reuses memory
  };

  explicit SymbolTableBuilder(const SymbolLimits& limits);
  // Size 0: up to the next symbol. False: the limits are reached and the symbol was left out.
  bool Add(uint64_t address, uint64_t size, absl::string_view name);
  // No symbol of unknown size reaches past `address`.
  void AddEnd(uint64_t address);
  SymbolTable Build(SameAddress choice) &&;

 private:
  void SortAndChoose(SameAddress choice);
  void CompactNames();

  SymbolLimits limits_;
  SymbolTable table_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_SYMBOL_TABLE_H_
