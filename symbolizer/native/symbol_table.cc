#include "symbolizer/native/symbol_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

namespace profd {
namespace {

// Symbols that overlap are rare; a forged table of nested ones must not make lookups slow.
constexpr int kMaxStepsBack = 16;

size_t LeadingUnderscores(const char* name) { return std::strspn(name, "_"); }

}  // namespace

std::optional<SymbolTable::Symbol> SymbolTable::Find(uint64_t address) const {
  auto next = std::upper_bound(entries_.begin(), entries_.end(), address,
                               [](uint64_t a, const Entry& e) { return a < e.address; });
  for (int step = 0; step < kMaxStepsBack && next != entries_.begin(); ++step) {
    const Entry& entry = *--next;
    if (address - entry.address >= entry.size) continue;
    return Symbol{static_cast<size_t>(next - entries_.begin()), entry.address, NameOf(entry)};
  }
  return std::nullopt;
}

SymbolTableBuilder::SymbolTableBuilder(const SymbolLimits& limits) : limits_(limits) {
  limits_.name_bytes =
      std::min<size_t>(limits_.name_bytes, std::numeric_limits<uint32_t>::max() / 2);
  table_.names_.push_back('\0');
}

bool SymbolTableBuilder::Add(uint64_t address, uint64_t size, absl::string_view name) {
  name = name.substr(0, std::min(name.find('\0'), SymbolTable::kMaxNameBytes));
  if (name.empty()) return true;
  if (table_.entries_.size() >= limits_.symbols ||
      table_.names_.size() + name.size() + 1 > limits_.name_bytes) {
    table_.truncated_ = true;
    return false;
  }
  const uint64_t known = std::min<uint64_t>(size, std::numeric_limits<uint32_t>::max());
  table_.entries_.push_back(
      {address, static_cast<uint32_t>(known), static_cast<uint32_t>(table_.names_.size())});
  table_.names_.append(name.data(), name.size());
  table_.names_.push_back('\0');
  return true;
}

void SymbolTableBuilder::AddEnd(uint64_t address) { table_.entries_.push_back({address, 0, 0}); }

void SymbolTableBuilder::SortAndChoose(SameAddress choice) {
  auto& entries = table_.entries_;
  const auto rank = [this](const SymbolTable::Entry& entry) {
    const char* name = table_.NameOf(entry);
    return std::tuple(*name == '\0', LeadingUnderscores(name), entry.size == 0,
                      absl::string_view(name).size(), absl::string_view(name));
  };
  std::sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    if (a.address != b.address) return a.address < b.address;
    if (choice == SameAddress::kLast) return a.name > b.name;
    return rank(a) < rank(b);
  });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const auto& a, const auto& b) { return a.address == b.address; }),
                entries.end());
}

void SymbolTableBuilder::CompactNames() {
  size_t bytes = 1;
  for (const auto& entry : table_.entries_) {
    if (entry.name != 0) bytes += std::strlen(table_.NameOf(entry)) + 1;
  }
  std::string names;
  names.reserve(bytes);
  names.push_back('\0');
  for (auto& entry : table_.entries_) {
    if (entry.name == 0) continue;
    const char* name = table_.NameOf(entry);
    entry.name = static_cast<uint32_t>(names.size());
    names.append(name, std::strlen(name) + 1);
  }
  table_.names_ = std::move(names);
  table_.entries_.shrink_to_fit();
}

SymbolTable SymbolTableBuilder::Build(SameAddress choice) && {
  SortAndChoose(choice);
  auto& entries = table_.entries_;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].size != 0 || entries[i].name == 0) continue;
    const uint64_t gap = i + 1 < entries.size() ? entries[i + 1].address - entries[i].address
                                                : SymbolTable::kMaxUnknownSize;
    entries[i].size = static_cast<uint32_t>(std::min(gap, SymbolTable::kMaxUnknownSize));
  }
  CompactNames();
  return std::move(table_);
}

}  // namespace profd
