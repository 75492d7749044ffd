// The kernel's programs, loaded and attached: owns every map, link and perf event.
#ifndef PROFD_USERSPACE_COLLECTOR_BPF_SESSION_H_
#define PROFD_USERSPACE_COLLECTOR_BPF_SESSION_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bpf/events.h"
#include "symbolizer/process/descriptor.h"

struct bpf_link;
struct profd_bpf;
struct ring_buffer;

namespace profd {

// What the running kernel lacks is worked around and said, see Describe().
struct KernelFeatures {
  bool bpf_loop = false;       // 5.17+: whole stacks to 1,024 frames
  bool attach_cookie = false;  // 5.15+: processes register themselves before their first line
  std::string Describe() const;
};

// Detaches when it goes.
class Link {
 public:
  explicit Link(bpf_link* link) : link_(link) {}
  Link(Link&& other) noexcept : link_(other.link_) { other.link_ = nullptr; }
  Link& operator=(Link&& other) noexcept;
  ~Link();
  int fd() const;

 private:
  bpf_link* link_;
};

// Totals over all CPUs since the start.
struct EventCounters {
  std::array<uint64_t, COUNTER_COUNT> values{};
  uint64_t operator[](counter c) const { return values[c]; }
};

// What the kernel's own perf events counted.
struct PerfEventTotals {
  uint64_t counted_ns = 0;  // of CPU time, idle included
  uint64_t enabled_ns = 0;
  uint64_t periods = 0;  // times an event should have fired
};

class BpfSession {
 public:
  struct Options {
    uint64_t period_ns = 0;       // between two samples on one CPU
    bool has_exclusions = false;  // Exclude() will be used
    bool has_followed = false;    // Follow() will be used
    bool tell_renames = false;    // RECORD_PROCESS_RENAMED of excluded processes
    bool want_gil = false;        // samples tell who holds the GIL
    bool start_probes = true;     // processes to come register themselves
    size_t ring_bytes_per_cpu = 1 << 20;
    bool verbose = false;  // libbpf's debug messages to stderr
  };

  // Loads the programs. kPermissionDenied: a capability or the kernel's lockdown forbids it;
  // kUnimplemented: the kernel lacks something we cannot do without. Messages are for users.
  static absl::StatusOr<std::unique_ptr<BpfSession>> Create(const Options& options);
  ~BpfSession();

  const KernelFeatures& features() const { return features_; }

  absl::Status AttachLifecycle();
  // Last of all: nothing of our own start is sampled. Again now and then: CPUs that came online
  // since get their sampler.
  absl::Status AttachSamplers();
  void DetachSamplers();

  // Thread-safe, as all that only touches maps.
  absl::Status SetLayout(uint32_t index, const py_layout& layout);
  absl::Status SetImage(uint32_t index, const py_image& image);
  // kAlreadyExists: the kernel was first.
  absl::Status InsertProcess(uint32_t tgid, const py_process& process);
  // kNotFound: it has ended.
  absl::Status ReplaceProcess(uint32_t tgid, const py_process& process);
  // Processes that have ended are found, too, until the last task has gone.
  absl::StatusOr<py_process> FindProcess(uint32_t tgid) const;
  // How it became the program it is, if that was just now.
  std::optional<py_start> FindStart(uint32_t tgid) const;
  // Of a process that was just inserted; takes it out. Empty if nothing fell into it.
  py_start TakeStart(uint32_t tgid);
  // Removes the process if it still has this incarnation.
  void RemoveProcess(uint32_t tgid, uint64_t incarnation);
  // Tells of the next time it is renamed, if that is wanted.
  absl::Status Exclude(uint64_t incarnation);
  void EndExclusion(uint64_t incarnation);
  // Its children to come, Python or not, will be followed too. Ended processes are forgotten.
  absl::Status Follow(pid_t pid);
  bool IsFollowed(pid_t pid) const;
  std::vector<pid_t> Followed() const;
  // AttachStartProbe() can do it here.
  bool can_probe_starts() const { return options_.start_probes && features_.attach_cookie; }
  // A probe on a function that runs before Python code does. `fd`: the interpreter's file.
  absl::StatusOr<Link> AttachStartProbe(int fd, uint64_t file_offset, uint64_t linked_address,
                                        uint32_t image);

  // For the thread that consumes.
  void OpenGate(uint64_t tag);
  void CloseGate(absl::Span<const uint64_t> tags);
  using RecordHandler = std::function<void(absl::string_view record)>;
  void ConsumeLifecycle(const RecordHandler& handler);
  // How much was taken of the fullest ring, 0 to 1; more than that if it filled meanwhile.
  double ConsumeSamples(const RecordHandler& handler);
  // Readable when a ring of samples is a quarter full, until they are consumed.
  int filling() const { return filling_.get(); }

  EventCounters ReadCounters() const;
  PerfEventTotals ReadPerfEvents() const;
  uint64_t period_ns() const { return options_.period_ns; }
  bool has_exclusions() const { return options_.has_exclusions; }
  // For programs beside these that look at the same processes; ours while the session lives.
  int processes_fd() const;
  int excluded_fd() const;

 private:
  struct Ring {
    BpfSession* session;
    Descriptor map;
    size_t consumed = 0;  // bytes, since it was last asked
  };
  struct Sampler {
    int cpu = 0;
    Descriptor event;
    std::unique_ptr<Link> link;
  };

  explicit BpfSession(const Options& options) : options_(options) {}
  absl::Status Load();
  absl::Status MakeRings();
  absl::Status MapGate();
  absl::Status AttachSampler(int cpu);
  void AddTotals(const Sampler& sampler, PerfEventTotals* totals) const;

  Options options_;
  KernelFeatures features_;
  profd_bpf* skeleton_ = nullptr;
  std::vector<std::unique_ptr<Ring>> sample_rings_;
  size_t ring_bytes_ = 0;  // of each of these
  std::unique_ptr<Ring> lifecycle_ring_;
  Descriptor filling_;  // of epoll
  ring_buffer* samples_ = nullptr;
  ring_buffer* lifecycle_ = nullptr;
  const RecordHandler* handler_ = nullptr;  // while a ring is being consumed
  gate_set* gate_ = nullptr;
  std::vector<Link> links_;
  std::vector<Sampler> samplers_;
  PerfEventTotals detached_;  // of samplers that are gone
  static int OnRecord(void* context, void* data, size_t size);
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_BPF_SESSION_H_
