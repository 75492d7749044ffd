#include "userspace/record/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace profd {

StopSignals::StopSignals(bool quit) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (quit) sigaddset(&set, SIGQUIT);
  // Once blocked, even an ignored signal would be delivered.
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  descriptor_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<StopSignal> StopSignals::Take() {
  signalfd_siginfo signal;
  if (read(descriptor_.get(), &signal, sizeof(signal)) != sizeof(signal)) return std::nullopt;
  return StopSignal{static_cast<int>(signal.ssi_signo), signal.ssi_code == SI_KERNEL};
}

void StopSignals::LetInterrupt(bool let) const {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(let ? SIG_UNBLOCK : SIG_BLOCK, &interrupt, nullptr);
}

}  // namespace profd
