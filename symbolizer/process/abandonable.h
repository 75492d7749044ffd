// Work that may block for ever on a stranger: reading a file whose server does not answer, or the
// mappings of a process one of whose threads holds their lock while it waits for such a file.
#ifndef PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_
#define PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace profd {

inline constexpr int kMaxAbandoned = 256;        // calls at one time, the blocked ones included
inline constexpr int kMaxAbandonedPerUser = 32;  // blocked ones, of one user's processes

// Runs `call`, which waits for nobody but the process `pid`, on a thread of a common pool.
// kDeadlineExceeded: it blocks, and the thread is left behind with what `call` owns. kUnavailable:
// it was not run, since another call for that process blocks, too many do, of all or of its user's,
// or there is no thread to be had, or no CPU for it. Thread-safe.
absl::Status RunAbandonably(pid_t pid, std::function<void()> call, absl::Duration patience);

// Calls that were left behind and have not come back.
int AbandonedCalls();

template <typename T>
std::optional<T> CallAbandonably(pid_t pid, std::function<T()> call, absl::Duration patience) {
  auto result = std::make_shared<std::optional<T>>();
  auto run = [result, call = std::move(call)] { *result = call(); };
  if (!RunAbandonably(pid, std::move(run), patience).ok()) return std::nullopt;
  return std::move(*result);
}

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_
