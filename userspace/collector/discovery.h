// Finds Python processes that did not register themselves in the kernel: those that ran before,
// those of interpreters never seen, and those that load an interpreter late.
#ifndef PROFD_USERSPACE_COLLECTOR_DISCOVERY_H_
#define PROFD_USERSPACE_COLLECTOR_DISCOVERY_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/images.h"
#include "userspace/collector/mmap_events.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/selection.h"

namespace profd {

class Discovery {
 public:
  Discovery(BpfSession* session, Images* images, Processes* processes, const Selection& selection);
  ~Discovery();

  // Listens for new mappings from here on. Call before ScanLikely(), so that nothing falls between.
  absl::Status Listen();
  // Registers the processes that were asked for by their IDs and those whose executable or
  // libraries are called after Python, at once; all others are left to the thread.
  void ScanLikely();
  // Follows the selection's processes and their descendants, if it wants them. Call after
  // AttachLifecycle(), so that no child falls between, and before ScanLikely(). `known`: more of
  // them, whose parents may have gone.
  absl::Status FollowSelection(absl::Span<const pid_t> known);
  // Looks at everything else in a thread of its own.
  void Start();
  void Stop();

  // A process that was sampled and is not known. Thread-safe.
  void Look(pid_t pid);
  // The same at once, on this thread. Not after Start().
  void LookNow(pid_t pid) { Inspect(pid, /*only_likely=*/false); }

  // Fills in what the kernel could not know of a process that registered itself: its labels,
  // whether it is selected, and where its runtime is, if that is not in the image. Thread-safe.
  std::shared_ptr<Process> Complete(const process_record& record,
                                    const std::shared_ptr<Process>& parent);

  // For a process that is not selected: looks whether its name, which may be new, selects it from
  // now on, else keeps it out. One that is selected stays so under any name. For the consuming
  // thread.
  bool ExcludeUnlessNamed(Process& process);

  uint64_t side_band_lost() const { return side_band_lost_; }

 private:
  struct Candidate {
    std::shared_ptr<Image> image;
    py_process process{};
  };
  struct InterpreterFile {
    Mapping mapping;
    FileKind kind;
  };
  struct Seen {
    std::shared_ptr<Image> image;  // null: not an interpreter
    bool copies_runtime = false;
  };
  using FileKey = std::tuple<uint64_t, uint64_t, uint64_t>;  // device, inode, generation

  void Run();
  void Enqueue(pid_t pid);  // with mutex_ held
  void Wake();
  void OnMmap(const MmapEvent& event);
  void Inspect(pid_t pid, bool only_likely);
  // What fell into it before it was registered, if its interpreter has not begun.
  void TakeStart(Process& process);
  void Unregister(pid_t pid, uint64_t incarnation);
  // Moves a registered process to where its runtime really is.
  void Correct(pid_t pid, const py_process& known);
  // One mapping of each file that may be an interpreter's.
  static std::vector<Mapping> MappingsToLookAt(std::vector<Mapping> all, bool only_likely);
  absl::StatusOr<std::vector<InterpreterFile>> FindInterpreterFiles(pid_t pid, bool only_likely);
  absl::StatusOr<std::optional<Candidate>> FindInterpreter(pid_t pid, bool only_likely);
  // What it had used before it was Python, or before we saw that.
  absl::Duration CpuBefore(pid_t pid) const;

  BpfSession* const session_;
  Images* const images_;
  Processes* const processes_;
  const Selection selection_;
  std::unique_ptr<MmapEvents> events_;
  absl::flat_hash_map<FileKey, Seen> seen_;  // for a second: contents can change under a key
  std::atomic<uint64_t> side_band_lost_ = 0;

  const Descriptor wake_;  // readable: something to look at, or to stop
  std::mutex mutex_;       // of the next two
  std::vector<pid_t> to_look_at_;
  absl::flat_hash_set<pid_t> asked_for_;  // of late
  // Executables that hold _PyRuntime by copy relocation: the kernel registers such a process with
  // the address inside the library.
  absl::flat_hash_set<pid_t> copies_runtime_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_DISCOVERY_H_
