// Puts probes on interpreters' start functions and takes them off, on a thread of its own: the
// kernel waits for RCU to take one off, and holds up meanwhile whoever puts one on.
#ifndef PROFD_USERSPACE_COLLECTOR_START_PROBES_H_
#define PROFD_USERSPACE_COLLECTOR_START_PROBES_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/image.h"

namespace profd {

// Thread-safe. Each image stands in the queue once at most.
class StartProbes {
 public:
  // Called on the thread, with the probes that were put on or taken off, none if that failed.
  struct Listener {
    std::function<void(const Image& image, size_t probes)> on;
    std::function<void(const Image& image)> off;
  };

  // `session` outlives this.
  StartProbes(BpfSession* session, Listener listener);
  // Takes all off.
  ~StartProbes();

  // Once per image. What is no longer the file that was looked at gets none.
  void PutOn(std::shared_ptr<Image> image);
  // `first`: before all others.
  void TakeOff(std::shared_ptr<Image> image, bool first);
  // Until everything asked for is done.
  void Wait();

 private:
  void Run();
  std::vector<Link> Attach(const Image& image);
  void Settle(Image& image);

  BpfSession* const session_;
  const Listener listener_;
  absl::flat_hash_map<const Image*, std::vector<Link>> links_;  // the thread's
  std::mutex mutex_;  // of what follows, and of changes to Image::probes
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Image>> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;  // from the first image on
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_START_PROBES_H_
