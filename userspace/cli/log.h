#ifndef PROFD_USERSPACE_CLI_LOG_H_
#define PROFD_USERSPACE_CLI_LOG_H_

#include <spdlog/sinks/ringbuffer_sink.h>

#include <memory>
#include <string>

namespace profd {

// Lines of key=value to stderr, from this level on: trace, debug, info, warn, error, off. Never
// waits for a reader: lines that find no room are counted in the next one.
void StartLog(const std::string& level);

// What the screen must not be written over with is said when it is given back.
class HeldLog {
 public:
  HeldLog();
  ~HeldLog();

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_LOG_H_
