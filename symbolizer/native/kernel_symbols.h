// Names of kernel addresses, from /proc/kallsyms through BCC.
#ifndef PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_
#define PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/symbol_table.h"

namespace profd {

// For one thread. An address without a name may be that of a module that came later: the table is
// then read again (about 0.1 s), after a minute at the earliest, and ever later where that was in
// vain.
class KernelSymbols {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // Never fails: where the kernel hides its addresses, the table is empty and status() says why.
  static KernelSymbols Load(Clock clock = std::chrono::steady_clock::now);

  const absl::Status& status() const { return status_; }
  size_t size() const { return symbols_.size(); }
  size_t bytes() const { return symbols_.bytes(); }

  // Times that the table has been read.
  int loads() const { return loads_; }

  // Never null. `file` is "[kernel.kallsyms]" or "[module]"; the name of an address without a
  // symbol is "[kernel]". The same pointer for every address in one function.
  std::shared_ptr<const Function> Resolve(uint64_t address);

 private:
  explicit KernelSymbols(Clock clock);
  void Read();
  // Null: no symbol.
  std::shared_ptr<const Function> Find(uint64_t address);

  Clock clock_;
  std::chrono::steady_clock::time_point read_again_;
  std::chrono::steady_clock::duration rest_;
  int loads_ = 0;
  absl::Status status_;
  SymbolTable symbols_;  // names: "function" or "function\t[module]"
  std::shared_ptr<const Function> unknown_;
  absl::flat_hash_map<size_t, std::shared_ptr<const Function>> functions_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_KERNEL_SYMBOLS_H_
