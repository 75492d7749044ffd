// Functions of one object, made when first asked for and then shared.
#ifndef PROFD_SYMBOLIZER_NATIVE_FUNCTION_TABLE_H_
#define PROFD_SYMBOLIZER_NATIVE_FUNCTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/symbol_table.h"

namespace profd {

std::shared_ptr<const Function> MakeFunction(FrameKind kind, absl::string_view name,
                                             absl::string_view file);
// What a Function takes, in bytes.
size_t FunctionBytes(const Function& function);

class FunctionTable {
 public:
  // `file` is what Function::file says; `unknown` the name where no symbol covers an address.
  FunctionTable(SymbolTable symbols, std::string file, absl::string_view unknown);

  // Never null; the same pointer for every address in one function.
  std::shared_ptr<const Function> At(uint64_t address);
  // The same, but null where no symbol covers the address.
  std::shared_ptr<const Function> Find(uint64_t address);
  const SymbolTable& symbols() const { return symbols_; }
  size_t bytes() const;

 private:
  SymbolTable symbols_;
  std::string file_;
  std::shared_ptr<const Function> unknown_;
  absl::flat_hash_map<size_t, std::shared_ptr<const Function>> functions_;  // by symbol's index
  size_t function_bytes_ = 0;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_FUNCTION_TABLE_H_
