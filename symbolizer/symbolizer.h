// From a sample's addresses to named frames.
#ifndef PROFD_SYMBOLIZER_SYMBOLIZER_H_
#define PROFD_SYMBOLIZER_SYMBOLIZER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "bpf/events.h"
#include "symbolizer/code_cache.h"
#include "symbolizer/frame.h"
#include "symbolizer/native/kernel_symbols.h"
#include "symbolizer/native/native_symbolizer.h"
#include "symbolizer/process/memory.h"

namespace profd {

// One sample's stack as the kernel saw it; all parts leaf first.
struct RawStack {
  absl::Span<const py_frame_record> python;
  absl::Span<const uint64_t> kernel;
  std::shared_ptr<const Function> native_leaf;  // null: none to be shown
  uint8_t state = STACK_NONE;                   // enum stack_state
};

// What symbolizing needs to know of a process.
struct SymbolizerProcess {
  ProcessKey key;
  const py_layout* layout = nullptr;
  // The process's memory, for names that the kernel could not send. Null: it has gone.
  std::function<ProcessMemory*()> memory;
  // Keeps a name read from there: it is that of the tag. To be added to codes().
  std::function<void(uint64_t tag, CodeDescription)> learn;
};

// For one thread.
class Symbolizer {
 public:
  struct Stats {
    uint64_t frames_read_late = 0;  // named from the process's memory, then kept
    uint64_t frames_unproven = 0;   // of these, without a tag to compare
    uint64_t frames_unnamed = 0;    // could not be named at all
    uint64_t frames_incomplete =
        0;  // whose name is cut to the unqualified one, or without file or line table
  };

  struct Options {
    NativeSymbolizer::Options native;
    // Tells whether a file is an interpreter. May be empty.
    std::function<bool(const FileIdentity& file)> is_interpreter_file;
    CodeCache::Limits codes;
  };
  explicit Symbolizer(Options options);

  CodeCache& codes() { return codes_; }
  NativeSymbolizer& native() { return native_; }
  const Stats& stats() const { return stats_; }

  // The function to show above the Python frames for a user-space instruction pointer; null inside
  // the interpreter's evaluation loop, and where a stripped interpreter has no name for it.
  std::shared_ptr<const Function> NativeLeaf(const ProcessKey& process, uint64_t address);

  // Why kernel frames have no names, if they have none.
  const absl::Status& kernel_status() const { return kernel_.status(); }
  Frame KernelFrame(uint64_t address) { return {kernel_.Resolve(address), 0}; }
  // The frame that says what became of a stack; null where nothing is to be said.
  const std::shared_ptr<const Function>& Marker(uint8_t state) const;
  // Reads what the code cache lacks from the process.
  Stack Symbolize(const SymbolizerProcess& process, const RawStack& raw);

 private:
  Frame PythonFrame(const SymbolizerProcess& process, const py_frame_record& record);
  void GiveUp(uint64_t tag);
  // Null: it is not there any more, or not to be read now.
  std::shared_ptr<const CodeObject> ReadLate(const SymbolizerProcess& process,
                                             const py_frame_record& record);

  Options options_;
  CodeCache codes_;
  NativeSymbolizer native_;
  KernelSymbols kernel_;
  absl::flat_hash_set<uint64_t> gone_;  // tags of code objects of which no more can be known
  Stats stats_;
  std::shared_ptr<const Function> unnamed_;
  std::shared_ptr<const Function> truncated_;
  std::shared_ptr<const Function> torn_;
  std::shared_ptr<const Function> no_python_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_SYMBOLIZER_H_
