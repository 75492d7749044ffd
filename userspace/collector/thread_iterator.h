// What the kernel says of the threads of the sampled processes, without stopping any.
#ifndef PROFD_USERSPACE_COLLECTOR_THREAD_ITERATOR_H_
#define PROFD_USERSPACE_COLLECTOR_THREAD_ITERATOR_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bpf/events.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/collector/bpf_session.h"

struct profd_threads;

namespace profd {

struct ThreadReport {
  thread_record record;
  std::vector<uint64_t> kernel;  // leaf first

  bool on_cpu() const { return (record.flags & THREAD_ON_CPU) != 0; }
};

// Ready to run, and no CPU has time for it.
bool IsReady(const thread_record& thread);

// Is it proven that the thread has not run between two reports, the earlier one first?
bool StoodStill(const thread_record& before, const thread_record& after);

// Checked: whatever is not a whole record ends the list.
std::vector<ThreadReport> ParseThreadReports(absl::string_view bytes);

// For one thread.
class ThreadIterator {
 public:
  // kUnimplemented: the kernel has no task iterators or no stacks of other tasks (Linux 5.9). The
  // message is for users.
  static absl::StatusOr<std::unique_ptr<ThreadIterator>> Create(const BpfSession& session);
  ~ThreadIterator();

  // All live threads of the processes that the session samples.
  absl::StatusOr<std::vector<ThreadReport>> ReadAll();
  // Those of these processes; perhaps of others, too, where the kernel (before 6.1) has only the
  // list of all tasks.
  absl::StatusOr<std::vector<ThreadReport>> Read(absl::Span<const pid_t> pids);

  // From now on this thread is reported in short, while it does not run.
  void Mark(const thread_record& thread);
  void Unmark(const thread_record& thread);

  bool has_processes() const { return has_processes_; }

 private:
  ThreadIterator() = default;
  absl::Status Load(const BpfSession& session);
  absl::StatusOr<Link> Attach(pid_t pid) const;
  absl::Status ReadLink(const Link& link, std::vector<ThreadReport>* out);

  profd_threads* skeleton_ = nullptr;
  std::unique_ptr<Link> all_;
  bool has_processes_ = false;  // the kernel can list the threads of one process (6.1+)
  absl::flat_hash_map<pid_t, Link> links_;
  thread_mark* marks_ = nullptr;
  std::vector<char> buffer_;
};

}  // namespace profd

#endif  // PROFD_USERSPACE_COLLECTOR_THREAD_ITERATOR_H_
