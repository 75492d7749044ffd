// Encodes and writes finished windows in a thread of its own: sampling never waits for a disk.
#ifndef PROFD_USERSPACE_AGENT_PROFILE_WRITER_H_
#define PROFD_USERSPACE_AGENT_PROFILE_WRITER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "userspace/export/spool.h"
#include "userspace/sampling/finished_window.h"

namespace profd {

class ProfileWriter {
 public:
  struct Stats {
    uint64_t written = 0;
    uint64_t failed = 0;   // windows that could not be written
    uint64_t dropped = 0;  // windows that found the queue full, of windows or of bytes
    std::string last_path;
    std::string last_error;  // empty when the last write went well
    Spool::Stats spool;
  };

  explicit ProfileWriter(std::unique_ptr<Spool> spool);
  // Writes what is queued, then ends.
  ~ProfileWriter();

  void Write(FinishedWindow window);
  // Returns when all that was given is written or has failed.
  void Flush();
  Stats stats() const;

 private:
  static constexpr size_t kMaxQueued = 8;
  static constexpr size_t kMaxQueuedBytes = 32 << 20;

  void Run();
  void WriteOne(FinishedWindow window);

  std::unique_ptr<Spool> spool_;  // the thread's
  mutable std::mutex mutex_;      // of what follows but the thread
  std::condition_variable changed_;
  std::deque<FinishedWindow> queue_;
  size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  Stats stats_;
  std::thread thread_;
};

// The line that each window puts on stderr.
std::string WindowLine(const FinishedWindow& window, const std::string& file);

}  // namespace profd

#endif  // PROFD_USERSPACE_AGENT_PROFILE_WRITER_H_
