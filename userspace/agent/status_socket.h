// A unix socket that answers each connection with the agent's status, and its client.
#ifndef PROFD_USERSPACE_AGENT_STATUS_SOCKET_H_
#define PROFD_USERSPACE_AGENT_STATUS_SOCKET_H_

#include <sys/types.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "symbolizer/process/descriptor.h"

namespace profd {

class StatusSocket {
 public:
  // Makes missing parent folders of mode 0755; the socket is the owner's alone. A socket that
  // nobody listens at is replaced. kFailedPrecondition: another agent listens there, or `path` is
  // no socket.
  static absl::StatusOr<std::unique_ptr<StatusSocket>> Listen(const std::string& path);
  ~StatusSocket();

  // Readable when somebody waits for Publish(). Who is kept waiting gets what was published last.
  int asked() const { return asked_.get(); }
  bool Asked();
  void Publish(std::string text);

 private:
  StatusSocket(std::string path, ino_t inode, Descriptor socket, Descriptor wake, Descriptor asked);
  void Serve();
  std::string Ask();

  const std::string path_;
  const ino_t inode_;
  Descriptor socket_;
  Descriptor wake_;  // readable: stop
  Descriptor asked_;
  std::mutex mutex_;  // of the next three
  std::condition_variable answered_;
  std::string text_;
  bool waiting_ = false;
  std::thread thread_;
};

// Asks the agent at `path`; waits some two seconds at most. kNotFound: no agent runs there.
// kUnavailable: it has no status yet.
absl::StatusOr<std::string> QueryStatus(const std::string& path);

}  // namespace profd

#endif  // PROFD_USERSPACE_AGENT_STATUS_SOCKET_H_
