// Names of kernel addresses, from /proc/kallsyms through BCC.
#ifndef PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_
#define PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/symbol_table.h"

namespace profd {

// For one thread. Knows the modules that were loaded at the time of Load(); to see later ones,
// load again (about 0.1 s).
class KernelSymbols {
 public:
  // Never fails: where the kernel hides its addresses, the table is empty and status() says why.
  static KernelSymbols Load();

  const absl::Status& status() const { return status_; }
  size_t size() const { return symbols_.size(); }
  size_t bytes() const { return symbols_.bytes(); }

  // Never null. `file` is "[kernel.kallsyms]" or "[module]"; the name of an address without a
  // symbol is "[kernel]". The same pointer for every address in one function.
  std::shared_ptr<const Function> Resolve(uint64_t address);

 private:
  KernelSymbols();

  absl::Status status_;
  SymbolTable symbols_;  // names: "function" or "function\t[module]"
  std::shared_ptr<const Function> unknown_;
  absl::flat_hash_map<size_t, std::shared_ptr<const Function>> functions_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_
