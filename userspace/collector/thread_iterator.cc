#include "userspace/collector/thread_iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <profd_threads.skel.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace profd {
namespace {

constexpr size_t kReadBytes = 32 << 10;  // what the kernel gathers for one read
constexpr size_t kMaxBytes = 64 << 20;   // of one pass: some 300,000 threads
constexpr size_t kMaxLinks = 8;          // past that, one walk over all tasks is cheaper
constexpr uint32_t kTaskRunning = 0;     // include/linux/sched.h: on a CPU, or ready for one
constexpr size_t kMarksBytes = sizeof(thread_mark) * PROFD_THREAD_MARKS;

}  // namespace

bool IsReady(const thread_record& thread) {
  return thread.state == kTaskRunning && (thread.flags & THREAD_ON_CPU) == 0;
}

bool StoodStill(const thread_record& before, const thread_record& after) {
  // A thread that left its CPU has counted that switch before it looks to be off.
  return ((before.flags | after.flags) & THREAD_ON_CPU) == 0 && before.tid == after.tid &&
         before.incarnation == after.incarnation && before.start_ns == after.start_ns &&
         before.switches == after.switches && before.exec_ns == after.exec_ns;
}

std::vector<ThreadReport> ParseThreadReports(absl::string_view bytes) {
  std::vector<ThreadReport> reports;
  while (bytes.size() >= sizeof(thread_record)) {
    ThreadReport report;
    std::memcpy(&report.record, bytes.data(), sizeof(report.record));
    bytes.remove_prefix(sizeof(report.record));
    const size_t frames = report.record.kernel_frames;
    if (frames > PROFD_MAX_WAIT_FRAMES || frames * sizeof(uint64_t) > bytes.size()) break;
    report.kernel.resize(frames);
    if (frames > 0) std::memcpy(report.kernel.data(), bytes.data(), frames * sizeof(uint64_t));
    bytes.remove_prefix(frames * sizeof(uint64_t));
    reports.push_back(std::move(report));
  }
  return reports;
}

absl::StatusOr<std::unique_ptr<ThreadIterator>> ThreadIterator::Create(const BpfSession& session) {
  auto iterator = std::unique_ptr<ThreadIterator>(new ThreadIterator());
  if (absl::Status status = iterator->Load(session); !status.ok()) return status;
  return iterator;
}

ThreadIterator::~ThreadIterator() {
  links_.clear();
  all_.reset();
  if (marks_ != nullptr) munmap(marks_, kMarksBytes);
  if (skeleton_ != nullptr) profd_threads__destroy(skeleton_);
}

absl::Status ThreadIterator::Load(const BpfSession& session) {
  const auto lacking = [](int error) {
    return absl::UnimplementedError(
        absl::StrCat("this kernel does not show waiting threads (Linux 5.9 does): ",
                     std::strerror(error < 0 ? -error : error)));
  };
  skeleton_ = profd_threads__open();
  if (skeleton_ == nullptr) return lacking(errno);
  skeleton_->rodata->has_exclusions = session.has_exclusions();
  int error = bpf_map__reuse_fd(skeleton_->maps.processes, session.processes_fd());
  if (error == 0) error = bpf_map__reuse_fd(skeleton_->maps.excluded, session.excluded_fd());
  if (error == 0) error = profd_threads__load(skeleton_);
  if (error != 0) return lacking(error);
  void* marks = mmap(nullptr, kMarksBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                     bpf_map__fd(skeleton_->maps.thread_marks), 0);
  if (marks == MAP_FAILED) return absl::ErrnoToStatus(errno, "mapping the threads' marks");
  marks_ = static_cast<thread_mark*>(marks);
  auto all = Attach(0);
  if (!all.ok()) return lacking(errno);
  all_ = std::make_unique<Link>(*std::move(all));
  // Kernels before 6.1 know no iterator of one process: they refuse the size of its options.
  auto own = Attach(getpid());
  has_processes_ = own.ok();
  return absl::OkStatus();
}

absl::StatusOr<Link> ThreadIterator::Attach(pid_t pid) const {
  bpf_iter_link_info info = {};
  info.task.pid = static_cast<uint32_t>(pid);
  bpf_iter_attach_opts options = {};
  options.sz = sizeof(options);
  if (pid != 0) {
    options.link_info = &info;
    options.link_info_len = sizeof(info);
  }
  bpf_link* link = bpf_program__attach_iter(skeleton_->progs.report_thread, &options);
  if (link == nullptr) return absl::ErrnoToStatus(errno, "attaching the task iterator");
  return Link(link);
}

absl::Status ThreadIterator::ReadLink(const Link& link, std::vector<ThreadReport>* out) {
  Descriptor iterator(bpf_iter_create(link.fd()));
  if (!iterator.valid()) return absl::ErrnoToStatus(errno, "making a task iterator");
  size_t used = 0;
  while (used < kMaxBytes) {
    if (buffer_.size() < used + kReadBytes) buffer_.resize(used + kReadBytes);
    const ssize_t got = read(iterator.get(), buffer_.data() + used, kReadBytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading the task iterator");
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  auto reports = ParseThreadReports(absl::string_view(buffer_.data(), used));
  out->insert(out->end(), std::make_move_iterator(reports.begin()),
              std::make_move_iterator(reports.end()));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ThreadReport>> ThreadIterator::ReadAll() {
  std::vector<ThreadReport> reports;
  if (absl::Status status = ReadLink(*all_, &reports); !status.ok()) return status;
  return reports;
}

absl::StatusOr<std::vector<ThreadReport>> ThreadIterator::Read(absl::Span<const pid_t> pids) {
  if (!has_processes_ || pids.size() > kMaxLinks) return ReadAll();
  std::vector<ThreadReport> reports;
  for (pid_t pid : pids) {
    auto link = links_.find(pid);
    if (link == links_.end()) {
      auto attached = Attach(pid);
      if (!attached.ok()) continue;  // it has ended
      if (links_.size() >= kMaxLinks) links_.clear();
      link = links_.emplace(pid, *std::move(attached)).first;
    }
    if (absl::Status status = ReadLink(link->second, &reports); !status.ok()) return status;
  }
  return reports;
}

void ThreadIterator::Mark(const thread_record& thread) {
  marks_[thread.tid & (PROFD_THREAD_MARKS - 1)] = {thread.start_ns, thread.switches};
}

void ThreadIterator::Unmark(const thread_record& thread) {
  marks_[thread.tid & (PROFD_THREAD_MARKS - 1)] = {};
}

}  // namespace profd
