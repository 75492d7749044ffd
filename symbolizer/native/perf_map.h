// /tmp/perf-PID.map: what a JIT compiler says about the code it made.
#ifndef PROFD_SYMBOLIZER_NATIVE_PERF_MAP_H_
#define PROFD_SYMBOLIZER_NATIVE_PERF_MAP_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/function_table.h"
#include "symbolizer/native/symbol_table.h"
#include "symbolizer/process/process.h"

namespace profd {

// Lines "START SIZE NAME", numbers in hex (Linux, tools/perf/Documentation/jit-interface.txt).
// Reads at most 64 MiB; other lines are skipped.
SymbolTable ReadPerfMap(int fd, const SymbolLimits& limits);

// The PID inside the process's own PID namespace and its effective user: what a perf map of the
// process is called and who may have written it.
struct PerfMapOwner {
  pid_t namespace_pid = 0;
  uid_t user = 0;
};
absl::StatusOr<PerfMapOwner> ReadPerfMapOwner(pid_t pid);

// The perf map of one process, read again when it has changed.
class PerfMap {
 public:
  // Null: no map, or none that covers `address`. Looks at the file at most once per `interval`,
  // and less often when reading it took long.
  std::shared_ptr<const Function> Find(pid_t pid, uint64_t address,
                                       std::chrono::steady_clock::duration interval);
  size_t bytes() const { return table_ ? table_->bytes() : 0; }

 private:
  void Refresh(pid_t pid);

  std::optional<FunctionTable> table_;
  FileIdentity identity_;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_PERF_MAP_H_
