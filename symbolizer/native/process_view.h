// The executable mappings of one process, and what is known of the files behind them.
#ifndef PROFD_SYMBOLIZER_NATIVE_PROCESS_VIEW_H_
#define PROFD_SYMBOLIZER_NATIVE_PROCESS_VIEW_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/native/perf_map.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/time_budget.h"

namespace profd {

struct ExecutableRange {
  enum class State : uint8_t {
    kUnopened,
    kObject,  // an ELF file whose segments fit: `identity` and `bias` are known
    kOpaque,  // not to be opened, not ELF, or anonymous
  };
  Mapping mapping;
  State state = State::kUnopened;
  FileIdentity identity;
  uint64_t bias = 0;                       // what was added to linked addresses
  std::shared_ptr<const Function> opaque;  // "[libfoo.so]", once needed
};

class ProcessView {
 public:
  explicit ProcessView(pid_t pid);

  // The range that covers `address`, null if none does. Reads the mappings again when they are a
  // minute old and when it misses: soon after a read that found what was missed, less and less
  // often, down to once per `interval`, where nothing is to be found. Valid until the next call.
  ExecutableRange* Find(uint64_t address, std::chrono::steady_clock::duration interval);

  // Opens the file behind `range`, one of this process's. kNotFound: the process has gone.
  absl::StatusOr<std::unique_ptr<ElfFile>> Open(const ExecutableRange& range,
                                                FileIdentity* identity) const;
  PerfMap& perf_map() { return perf_map_; }
  // For looking into its files.
  TimeBudget& budget() { return budget_; }
  pid_t pid() const { return pid_; }
  size_t bytes() const;

 private:
  void Refresh();
  // Gives files that could not be opened another chance.
  void RetryFiles();
  // False once the PID is free or someone else's.
  bool StillSameProcess() const;
  ExecutableRange* Covering(uint64_t address);

  pid_t pid_;
  TimeBudget budget_{0.1, absl::Seconds(1)};
  absl::StatusOr<uint64_t> start_time_;
  std::vector<ExecutableRange> ranges_;            // by address
  std::chrono::steady_clock::time_point read_at_;  // epoch: never
  std::chrono::steady_clock::duration pause_{};    // until a miss reads again
  std::chrono::steady_clock::duration rest_{};     // after a read that took long
  PerfMap perf_map_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_PROCESS_VIEW_H_
