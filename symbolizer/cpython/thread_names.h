// The names that Python's `threading` module gives to the threads of a live interpreter.
#ifndef PROFD_SYMBOLIZER_CPYTHON_THREAD_NAMES_H_
#define PROFD_SYMBOLIZER_CPYTHON_THREAD_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpf/events.h"
#include "symbolizer/cpython/dict_table.h"
#include "symbolizer/process/memory.h"

namespace profd {

inline constexpr size_t kMaxThreads = 65536;
inline constexpr size_t kMaxThreadNameChars = 256;  // longer ones are cut

// What one look at a process leaves for the next, to make it cheap; nothing in it is relied on.
// Keep one for each interpreter, and start anew when the process has exec'd.
struct ThreadNameHints {
  uint64_t threading = 0;  // addresses of the interned strs
  uint64_t active = 0;
  uint64_t name = 0;
  DictKeys modules;             // of sys.modules, when `threading` was not among its entries
  std::vector<uint64_t> pages;  // that the look has read
};

// Thread ident (pthread_self() as PyThreadState.thread_id has it) → name, of every thread that
// `threading` knows: those started by it, the main thread, and foreign ones that have asked for
// current_thread(). Empty while `threading` has not been imported. Names can change at any time.
//
// `interpreter` is a PyInterpreterState. It takes some ten reads, one for each page that holds
// threads, their attributes or names; with `hints` from before, and little changed, one for 32 of
// them; and two to see who is still there. kUnimplemented: a version whose objects are not known;
// kDeadlineExceeded: `budget` is spent; kResourceExhausted: more threads or entries than a sane
// process has; kInvalidArgument or kOutOfRange: no such structures there, or torn again and again;
// kNotFound: the process is gone.
absl::StatusOr<absl::flat_hash_map<uint64_t, std::string>> ReadThreadNames(
    ProcessMemory& memory, const py_layout& layout, uint64_t interpreter, ThreadNameHints& hints,
    absl::Duration budget = absl::Milliseconds(250));

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_THREAD_NAMES_H_
