// The signals that end sampling, read from a descriptor.
#ifndef PROFD_USERSPACE_SAMPLING_STOP_SIGNALS_H_
#define PROFD_USERSPACE_SAMPLING_STOP_SIGNALS_H_

#include <signal.h>

#include <optional>

#include "absl/status/status.h"
#include "symbolizer/process/descriptor.h"

namespace profd {

struct StopSignal {
  int number = 0;
  // The terminal sent it, to every process in the foreground; else somebody sent it to us alone.
  bool from_terminal = false;
};

class StopSignals {
 public:
  // Blocks SIGINT, SIGTERM, SIGHUP (unless nohup(1) said to ignore it) and, with `quit`, SIGQUIT,
  // for all threads to come.
  explicit StopSignals(bool quit);

  // kResourceExhausted, …: they are blocked, and there is no descriptor to read them from.
  const absl::Status& status() const { return status_; }
  // The mask that was there before.
  const sigset_t& before() const { return before_; }
  // Readable when one has come.
  int descriptor() const { return descriptor_.get(); }
  std::optional<StopSignal> Take();
  // Whether they end us at once from here on.
  void SetDeadly(bool deadly) const;

 private:
  sigset_t set_;
  sigset_t before_;
  absl::Status status_;
  Descriptor descriptor_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_STOP_SIGNALS_H_
