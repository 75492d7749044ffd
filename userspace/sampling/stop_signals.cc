#include "userspace/sampling/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace profd {

StopSignals::StopSignals(bool quit) {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  if (quit) sigaddset(&set_, SIGQUIT);
  // Once blocked, even an ignored signal would be delivered.
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
  descriptor_ = Descriptor(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor_.valid()) status_ = absl::ErrnoToStatus(errno, "signalfd");
}

std::optional<StopSignal> StopSignals::Take() {
  signalfd_siginfo signal;
  if (read(descriptor_.get(), &signal, sizeof(signal)) != sizeof(signal)) return std::nullopt;
  return StopSignal{static_cast<int>(signal.ssi_signo), signal.ssi_code == SI_KERNEL};
}

void StopSignals::SetDeadly(bool deadly) const {
  pthread_sigmask(deadly ? SIG_UNBLOCK : SIG_BLOCK, &set_, nullptr);
}

}  // namespace profd
