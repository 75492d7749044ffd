// What every thread of a process does right now.
#ifndef PROFD_USERSPACE_SAMPLING_THREAD_DUMP_H_
#define PROFD_USERSPACE_SAMPLING_THREAD_DUMP_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "symbolizer/frame.h"

namespace profd {

struct DumpedThread {
  pid_t tid = 0;
  uint64_t ident = 0;  // what `threading` calls it
  std::string name;
  bool running = false;   // seen on a CPU
  std::string waits_for;  // else: "lock", "GIL", …
  bool holds_gil = false;
  Stack stack;  // leaf first; empty where `unread` says why
  std::string unread;
};

struct ThreadDump {
  pid_t pid = 0;
  std::string comm;
  std::vector<std::string> command_line;  // empty: not to be read
  std::string python;                     // version
  std::string interpreter;                // path
  std::vector<DumpedThread> threads;      // of Python, the main thread first, then by TID
  int other_threads = 0;                  // that have no Python state
};

struct DumpOptions {
  absl::Duration patience = absl::Milliseconds(100);  // for threads that cannot be caught
};

// Nobody is stopped: each stack is whole and of one moment of its thread, taken by the CPU sampler
// where the thread ran, else read and proven to have stood still. The moments of two threads differ
// by `patience` at most. kNotFound: no such process; kFailedPrecondition: not a Python that we can
// read; kUnimplemented: the kernel lacks task iterators; else as BpfSession::Create().
absl::StatusOr<ThreadDump> DumpThreads(pid_t pid, const DumpOptions& options);

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_THREAD_DUMP_H_
