// Work that may block for ever on a stranger, such as reading a file whose server does not answer.
#ifndef PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_
#define PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace profd {

inline constexpr int kMaxAbandoned = 16;  // calls that block at one time, of all types of result

inline std::atomic<int>& AbandonedCalls() {
  static auto* calls = new std::atomic<int>(0);
  return *calls;
}

// Runs `call` in a thread of its own and waits so long. Nothing: it blocks (the thread is left
// behind and keeps what `call` owns), or too many do already.
template <typename T>
std::optional<T> CallAbandonably(std::function<T()> call, absl::Duration patience) {
  struct Shared {
    absl::Notification done;
    std::optional<T> result;
  };
  if (AbandonedCalls() >= kMaxAbandoned) return std::nullopt;
  ++AbandonedCalls();
  auto shared = std::make_shared<Shared>();
  std::thread([shared, call = std::move(call)] {
    shared->result = call();
    --AbandonedCalls();
    shared->done.Notify();
  }).detach();
  if (!shared->done.WaitForNotificationWithTimeout(patience)) return std::nullopt;
  return std::move(shared->result);
}

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_PROCESS_ABANDONABLE_H_
