// profd top --once: one table, for pipes and files.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "userspace/cli/log.h"
#include "userspace/cli/top_run.h"
#include "userspace/cli/usage.h"
#include "userspace/sampling/stop_signals.h"
#include "userspace/views/top_text.h"

namespace profd {
int RunTopOnce(const TopOptions& options) {
  StopSignals signals(/*quit=*/true);
  if (!signals.status().ok()) return Failure("profd", signals.status());
  HeldLog log;
  // Standard output is the table's.
  CommandStreams streams;
  streams.output = STDERR_FILENO;
  auto created = TopSession::Create(options, signals.before(), streams);
  if (!created.ok()) return Failure("profd", created.status());
  TopSession& session = **created;
  std::string note = options.note;
  if (absl::Status status = session.Start(&note); !status.ok()) {
    const int failure = Failure("profd", status);
    return session.exit_code() != 0 ? session.exit_code() : failure;
  }
  if (!note.empty()) std::cerr << "profd: " << note << "\n";
  const bool has_command = session.command() != nullptr;
  while (true) {
    std::vector<pollfd> polled = {{signals.descriptor(), POLLIN, 0}};
    for (int target : session.Descriptors()) polled.push_back({target, POLLIN, 0});
    const timespec time = absl::ToTimespec(std::max(session.TimeToWork(), absl::ZeroDuration()));
    ppoll(polled.data(), polled.size(), &time, nullptr);
    // A signal: the table is printed now.
    if (TakeSignals(&signals, session.command()) || session.targets().Ended()) {
      session.Finish();
      break;
    }
    const absl::StatusOr<bool> is_new = session.Work();
    if (!is_new.ok()) return Failure("profd", is_new.status());
    if (*is_new && !has_command) break;
  }
  // A reader of the table may never read it.
  signals.SetDeadly(!has_command || session.command()->Ended());
  // Of a command, all of it.
  const TopView whole = session.view().Whole();
  const TopView& shown = has_command ? whole : session.view();
  std::cout << (options.json ? TopJson(shown) : TopText(shown)) << std::flush;
  if (!std::cout) return Failure("profd", absl::DataLossError("standard output cannot be written"));
  if (const std::string why = session.WhyNothing(); has_command && !why.empty()) {
    std::cerr << "profd: " << why << "\n";
  }
  return session.exit_code();
}

}  // namespace profd
