// Names of native addresses in any process.
#ifndef PROFD_SYMBOLIZER_NATIVE_NATIVE_SYMBOLIZER_H_
#define PROFD_SYMBOLIZER_NATIVE_NATIVE_SYMBOLIZER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/function_table.h"
#include "symbolizer/native/lru_cache.h"
#include "symbolizer/native/process_view.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/time_budget.h"

namespace profd {

// PIDs are reused, so the caller's number for one life of a process goes along.
struct ProcessKey {
  pid_t pid = 0;
  uint64_t incarnation = 0;
  bool operator==(const ProcessKey&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const ProcessKey& key) {
    return H::combine(std::move(h), key.pid, key.incarnation);
  }
};

// Where in which file an address lies.
struct MappedFile {
  FileIdentity identity;
  std::string path;             // as the process sees it
  uint64_t linked_address = 0;  // as in the ELF file's symbol table
};

struct NativeAddress {
  std::shared_ptr<const Function> function;  // null in an evaluation loop only
  uint64_t linked_address = 0;               // 0: not in an ELF file
  bool in_eval_loop = false;                 // as Options::in_eval_loop says
};

// For one thread.
class NativeSymbolizer {
 public:
  struct Options {
    // Bounds of what is kept; what is being used may exceed them by one object and one process.
    size_t object_cache_bytes = size_t{24} << 20;
    size_t process_cache_bytes = size_t{32} << 20;
    // How often at most a process's mappings, or its perf map, are looked at again.
    absl::Duration refresh_interval = absl::Seconds(1);
    // Tells whether an address of a file belongs to an interpreter's evaluation loop. May be empty.
    std::function<bool(const FileIdentity& file, uint64_t linked_address)> in_eval_loop;
  };
  NativeSymbolizer();
  explicit NativeSymbolizer(Options options);

  // Never fails. Function::kind is kNative and Function::file the object's path; equal addresses
  // give the same pointer as long as the object stays cached. Without a symbol the name is
  //   "[libz]"        in a file,
  //   "[vdso]"        in a page the kernel made (also "[vsyscall]", "[uprobes]"),
  //   "[anonymous]"   in memory without a file that no perf map describes,
  //   "[unknown]"     where nothing executable is mapped, or the process has gone.
  NativeAddress Resolve(const ProcessKey& process, uint64_t address);
  // nullopt: not in an ELF file that can be read.
  std::optional<MappedFile> FindFile(const ProcessKey& process, uint64_t address);

  // The process has ended.
  void Forget(const ProcessKey& process);

  size_t bytes() const { return objects_.bytes() + processes_.bytes(); }

 private:
  ProcessView& ViewOf(const ProcessKey& process);
  // Opens the range's file if that was not done yet, and remembers how that went.
  void Inspect(ProcessView& process, ExecutableRange* range);
  // The functions of the range's file, read again if they were dropped; null: no longer possible,
  // or not now.
  FunctionTable* ObjectOf(ProcessView& process, const ExecutableRange& range);
  // Runs `work` unless so much of it was done of late, for this process or for all.
  void Within(ProcessView& process, absl::FunctionRef<void()> work);
  FunctionTable* ReadObject(const ElfFile& elf, const ExecutableRange& range);
  std::shared_ptr<const Function> FunctionAt(ProcessView* process, ExecutableRange* range,
                                             uint64_t address);
  std::shared_ptr<const Function> OpaqueFunction(ProcessView* process, ExecutableRange* range,
                                                 uint64_t address);

  Options options_;
  std::chrono::steady_clock::duration refresh_interval_;
  LruCache<FileIdentity, FunctionTable> objects_;
  LruCache<ProcessKey, ProcessView> processes_;
  // Of a stranger's files: what is slow, or made slow, must not cost the others their samples.
  TimeBudget budget_{0.25, absl::Seconds(2)};
  std::shared_ptr<const Function> anonymous_;
  std::shared_ptr<const Function> unknown_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_NATIVE_SYMBOLIZER_H_
