#include "symbolizer/native/symbol_table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace profd {
namespace {

using SameAddress = SymbolTableBuilder::SameAddress;

std::string NameAt(const SymbolTable& table, uint64_t address) {
  const auto symbol = table.Find(address);
  return symbol ? std::string(symbol->name) : "none";
}

TEST(SymbolTable, FindsOnlyInsideASymbolOfKnownSize) {
  SymbolTableBuilder builder({});
  builder.Add(0x2000, 0x10, "second");
  builder.Add(0x1000, 0x10, "first");
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, 0xfff), "none");
  EXPECT_EQ(NameAt(table, 0x1000), "first");
  EXPECT_EQ(NameAt(table, 0x100f), "first");
  EXPECT_EQ(NameAt(table, 0x1010), "none");
  EXPECT_EQ(NameAt(table, 0x2001), "second");
}

TEST(SymbolTable, SymbolOfUnknownSizeReachesToTheNextOrTheEnd) {
  SymbolTableBuilder builder({});
  builder.Add(0x1000, 0, "assembly");
  builder.Add(0x1100, 0x10, "next");
  builder.Add(0x2000, 0, "last");
  builder.AddEnd(0x2080);
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, 0x10ff), "assembly");
  EXPECT_EQ(NameAt(table, 0x1110), "none");
  EXPECT_EQ(NameAt(table, 0x207f), "last");
  EXPECT_EQ(NameAt(table, 0x2080), "none");
}

TEST(SymbolTable, SymbolOfUnknownSizeHasABoundedReach) {
  SymbolTableBuilder builder({});
  builder.Add(0x1000, 0, "lonely");
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, 0x1000 + SymbolTable::kMaxUnknownSize - 1), "lonely");
  EXPECT_EQ(NameAt(table, 0x1000 + SymbolTable::kMaxUnknownSize), "none");
}

TEST(SymbolTable, InnermostOfNestedSymbolsIsFoundAndTheOuterAroundIt) {
  SymbolTableBuilder builder({});
  builder.Add(0x1000, 0x100, "outer");
  builder.Add(0x1040, 0x10, "inner");
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, 0x1048), "inner");
  EXPECT_EQ(NameAt(table, 0x1080), "outer");
}

TEST(SymbolTable, AliasWithFewestUnderscoresNamesTheAddress) {
  SymbolTableBuilder builder({});
  builder.Add(0x1000, 8, "__write");
  builder.Add(0x1000, 8, "write");
  builder.Add(0x1000, 8, "__GI___write");
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(NameAt(table, 0x1001), "write");
}

TEST(SymbolTable, LaterEntryOfAJitReplacesTheEarlier) {
  SymbolTableBuilder builder({});
  builder.Add(0x1000, 0x10, "a_old");
  builder.Add(0x1000, 0x20, "new");
  builder.Add(0x3000, 0x20, "z");
  builder.Add(0x3000, 0x10, "__a");
  const SymbolTable table = std::move(builder).Build(SameAddress::kLast);
  EXPECT_EQ(NameAt(table, 0x1018), "new");
  EXPECT_EQ(NameAt(table, 0x3001), "__a");
}

TEST(SymbolTable, AddressesAtTheTopOfMemoryDoNotOverflow) {
  SymbolTableBuilder builder({});
  builder.Add(~uint64_t{0} - 7, ~uint64_t{0}, "top");
  builder.Add(0, ~uint64_t{0}, "bottom");
  const SymbolTable table = std::move(builder).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, ~uint64_t{0}), "top");
  EXPECT_EQ(NameAt(table, 0), "bottom");
}

// Pitfall 45
TEST(SymbolTable, LimitsBoundSymbolsAndNames) {
  SymbolTableBuilder few({.symbols = 2, .name_bytes = 1 << 20});
  EXPECT_TRUE(few.Add(1, 1, "a"));
  EXPECT_TRUE(few.Add(2, 1, "b"));
  EXPECT_FALSE(few.Add(3, 1, "c"));
  EXPECT_TRUE(std::move(few).Build(SameAddress::kBestName).truncated());

  SymbolTableBuilder narrow({.symbols = 1000, .name_bytes = 4000});
  EXPECT_TRUE(narrow.Add(1, 1, std::string(1 << 20, 'x')));  // cut
  int added = 1;
  while (narrow.Add(1 + added, 1, std::string(1000, 'y'))) ++added;
  EXPECT_EQ(added, 3);
  const SymbolTable table = std::move(narrow).Build(SameAddress::kBestName);
  EXPECT_EQ(NameAt(table, 1).size(), SymbolTable::kMaxNameBytes);
  EXPECT_LT(table.bytes(), 5000u);
}

}  // namespace
}  // namespace profd
