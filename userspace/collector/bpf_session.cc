#include "userspace/collector/bpf_session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <profd_bpf.skel.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/collector/clock.h"
#include "userspace/collector/cpus.h"
#include "userspace/collector/privilege.h"

namespace profd {
namespace {

int Quiet(enum libbpf_print_level, const char*, va_list) { return 0; }
int Verbose(enum libbpf_print_level, const char* format, va_list args) {
  return std::vfprintf(stderr, format, args);
}

absl::Status Errno(int error, absl::string_view what) {
  return absl::ErrnoToStatus(error < 0 ? -error : error, what);
}

size_t RoundUpToPowerOfTwo(size_t value) {
  size_t power = 4096;
  while (power < value) power *= 2;
  return power;
}

}  // namespace

Link& Link::operator=(Link&& other) noexcept {
  std::swap(link_, other.link_);
  return *this;
}

Link::~Link() {
  if (link_ != nullptr) bpf_link__destroy(link_);
}

int Link::fd() const { return bpf_link__fd(link_); }

std::string KernelFeatures::Describe() const {
  std::string text;
  if (!bpf_loop) absl::StrAppend(&text, "no bpf_loop (Linux 5.17): stacks are cut at 128 frames; ");
  if (!attach_cookie) {
    absl::StrAppend(&text,
                    "no probe cookies (Linux 5.15): new processes are found a little late; ");
  }
  if (!text.empty()) text.resize(text.size() - 2);
  return text;
}

absl::StatusOr<std::unique_ptr<BpfSession>> BpfSession::Create(const Options& options) {
  libbpf_set_print(options.verbose ? Verbose : Quiet);
  if (absl::Status status = CheckPrivilege(); !status.ok()) return status;
  auto session = std::unique_ptr<BpfSession>(new BpfSession(options));
  if (absl::Status status = session->Load(); !status.ok()) return status;
  if (absl::Status status = session->MakeRings(); !status.ok()) return status;
  if (absl::Status status = session->MapGate(); !status.ok()) return status;
  return session;
}

BpfSession::~BpfSession() {
  samplers_.clear();
  links_.clear();
  if (samples_ != nullptr) ring_buffer__free(samples_);
  if (lifecycle_ != nullptr) ring_buffer__free(lifecycle_);
  if (gate_ != nullptr) munmap(gate_, sizeof(gate_set) * PROFD_GATE_SETS);
  if (skeleton_ != nullptr) profd_bpf__destroy(skeleton_);
}

absl::Status BpfSession::Load() {
  features_.bpf_loop =
      libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_loop, nullptr) == 1;
  features_.attach_cookie =
      libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, nullptr) == 1;
  skeleton_ = profd_bpf__open();
  if (skeleton_ == nullptr) return Errno(errno, "opening the BPF programs");
  bpf_program__set_autoload(skeleton_->progs.sample_cpu, features_.bpf_loop);
  bpf_program__set_autoload(skeleton_->progs.sample_cpu_bounded, !features_.bpf_loop);
  bpf_program__set_autoload(skeleton_->progs.interpreter_start, features_.attach_cookie);
  bpf_program__set_autoload(skeleton_->progs.process_rename, options_.tell_renames);
  skeleton_->rodata->sample_period_ns = options_.period_ns;
  skeleton_->rodata->has_exclusions = options_.has_exclusions;
  skeleton_->rodata->has_followed = options_.has_followed;
  if (!options_.has_followed) bpf_map__set_max_entries(skeleton_->maps.followed, 1);
  skeleton_->rodata->want_gil = options_.want_gil;
  skeleton_->rodata->ring_count = std::min<int>(OnlineCpus().size(), PROFD_MAX_RINGS);
  int error = profd_bpf__load(skeleton_);
  if (error != 0) return ExplainLoadFailure(-error);
  return absl::OkStatus();
}

absl::Status BpfSession::MakeRings() {
  filling_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!filling_.valid()) return Errno(errno, "making a poll set");
  const uint32_t count = skeleton_->rodata->ring_count;
  const size_t cpus_per_ring = (OnlineCpus().size() + count - 1) / count;
  ring_bytes_ = RoundUpToPowerOfTwo(options_.ring_bytes_per_cpu * cpus_per_ring);
  for (uint32_t i = 0; i < count; ++i) {
    auto ring = std::make_unique<Ring>(
        Ring{.session = this,
             .map = Descriptor(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "profd_samples", 0, 0,
                                              ring_bytes_, nullptr))});
    if (!ring->map.valid()) return Errno(errno, "making a ring buffer");
    int fd = ring->map.get();
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.sample_rings), &i, &fd, BPF_ANY) != 0) {
      return Errno(errno, "installing a ring buffer");
    }
    if (samples_ == nullptr) {
      samples_ = ring_buffer__new(fd, OnRecord, ring.get(), nullptr);
      if (samples_ == nullptr) return Errno(errno, "mapping a ring buffer");
    } else if (int error = ring_buffer__add(samples_, fd, OnRecord, ring.get()); error != 0) {
      return Errno(error, "mapping a ring buffer");
    }
    // Each wake-up once: the rings are hardly ever empty.
    epoll_event told = {.events = EPOLLIN | EPOLLET, .data = {}};
    if (epoll_ctl(filling_.get(), EPOLL_CTL_ADD, fd, &told) != 0) {
      return Errno(errno, "polling a ring buffer");
    }
    sample_rings_.push_back(std::move(ring));
  }
  lifecycle_ring_ = std::make_unique<Ring>(Ring{.session = this, .map = {}});
  lifecycle_ = ring_buffer__new(bpf_map__fd(skeleton_->maps.lifecycle_ring), OnRecord,
                                lifecycle_ring_.get(), nullptr);
  if (lifecycle_ == nullptr) return Errno(errno, "mapping a ring buffer");
  return absl::OkStatus();
}

absl::Status BpfSession::MapGate() {
  void* memory = mmap(nullptr, sizeof(gate_set) * PROFD_GATE_SETS, PROT_READ | PROT_WRITE,
                      MAP_SHARED, bpf_map__fd(skeleton_->maps.gate), 0);
  if (memory == MAP_FAILED) return Errno(errno, "mapping the gate");
  gate_ = static_cast<gate_set*>(memory);
  return absl::OkStatus();
}

absl::Status BpfSession::AttachLifecycle() {
  std::vector<bpf_program*> programs = {
      skeleton_->progs.process_fork, skeleton_->progs.process_exec, skeleton_->progs.process_exit,
      skeleton_->progs.process_free};
  if (options_.tell_renames) programs.push_back(skeleton_->progs.process_rename);
  for (bpf_program* program : programs) {
    bpf_link* link = bpf_program__attach(program);
    if (link == nullptr) {
      return Errno(errno, absl::StrCat("attaching ", bpf_program__name(program)));
    }
    links_.emplace_back(link);
  }
  return absl::OkStatus();
}

absl::Status BpfSession::AttachSampler(int cpu) {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof(attr);
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = options_.period_ns;
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.disabled = 1;
  Descriptor event(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
  if (!event.valid()) return Errno(errno, absl::StrCat("perf_event_open on CPU ", cpu));
  bpf_program* program =
      features_.bpf_loop ? skeleton_->progs.sample_cpu : skeleton_->progs.sample_cpu_bounded;
  // The link closes its perf event when destroyed; we keep one of our own for reading.
  int owned = dup(event.get());
  bpf_link* link = bpf_program__attach_perf_event(program, owned);
  if (link == nullptr) {
    int error = errno;
    close(owned);
    return Errno(error, absl::StrCat("attaching the sampler to CPU ", cpu));
  }
  samplers_.push_back({cpu, std::move(event), std::make_unique<Link>(link)});
  return absl::OkStatus();
}

absl::Status BpfSession::AttachSamplers() {
  return FollowOnlineCpus(
      samplers_, [](const Sampler& sampler) { return sampler.cpu; },
      [this](const Sampler& sampler) { AddTotals(sampler, &detached_); },
      [this](int cpu) { return AttachSampler(cpu); });
}

void BpfSession::DetachSamplers() {
  for (Sampler& sampler : samplers_) ioctl(sampler.event.get(), PERF_EVENT_IOC_DISABLE, 0);
  for (const Sampler& sampler : samplers_) AddTotals(sampler, &detached_);
  samplers_.clear();
}

absl::Status BpfSession::SetLayout(uint32_t index, const py_layout& layout) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.layouts), &index, &layout, BPF_ANY) != 0) {
    return Errno(errno, "storing a layout");
  }
  return absl::OkStatus();
}

absl::Status BpfSession::SetImage(uint32_t index, const py_image& image) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.images), &index, &image, BPF_ANY) != 0) {
    return Errno(errno, "storing an interpreter");
  }
  return absl::OkStatus();
}

absl::Status BpfSession::InsertProcess(uint32_t tgid, const py_process& process) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.processes), &tgid, &process, BPF_NOEXIST) !=
      0) {
    if (errno == E2BIG) return absl::ResourceExhaustedError("the table of processes is full");
    return Errno(errno, "registering a process");
  }
  return absl::OkStatus();
}

absl::Status BpfSession::ReplaceProcess(uint32_t tgid, const py_process& process) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.processes), &tgid, &process, BPF_EXIST) !=
      0) {
    return Errno(errno, "moving a process");
  }
  return absl::OkStatus();
}

absl::StatusOr<py_process> BpfSession::FindProcess(uint32_t tgid) const {
  py_process process;
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.processes), &tgid, &process) != 0) {
    return absl::NotFoundError("not registered");
  }
  return process;
}

std::optional<py_start> BpfSession::FindStart(uint32_t tgid) const {
  py_start start;
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.starts), &tgid, &start) != 0) return {};
  const auto now = static_cast<uint64_t>(absl::ToInt64Nanoseconds(SteadyNow()));
  if (now - start.exec_ns >= PROFD_START_NS) return {};
  return start;
}

py_start BpfSession::TakeStart(uint32_t tgid) {
  const py_start start = FindStart(tgid).value_or(py_start{});
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.starts), &tgid);
  return start;
}

void BpfSession::RemoveProcess(uint32_t tgid, uint64_t incarnation) {
  auto process = FindProcess(tgid);
  if (!process.ok() || process->incarnation != incarnation) return;
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.processes), &tgid);
}

absl::Status BpfSession::Exclude(uint64_t incarnation) {
  const uint8_t value = EXCLUDED;
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.excluded), &incarnation, &value, BPF_ANY) !=
      0) {
    return Errno(errno, "excluding a process");
  }
  return absl::OkStatus();
}

void BpfSession::EndExclusion(uint64_t incarnation) {
  bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.excluded), &incarnation);
}

absl::Status BpfSession::Follow(pid_t pid) {
  const uint32_t key = pid;
  const uint8_t one = 1;
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.followed), &key, &one, BPF_ANY) != 0) {
    return Errno(errno, "following a process");
  }
  return absl::OkStatus();
}

bool BpfSession::IsFollowed(pid_t pid) const {
  const uint32_t key = pid;
  uint8_t value;
  return bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.followed), &key, &value) == 0;
}

std::vector<pid_t> BpfSession::Followed() const {
  const int map = bpf_map__fd(skeleton_->maps.followed);
  std::vector<pid_t> pids;
  uint32_t key = 0;
  const uint32_t* previous = nullptr;
  // The kernel starts again at the first key when the previous one has gone meanwhile.
  while (pids.size() < PROFD_MAX_PROCESSES && bpf_map_get_next_key(map, previous, &key) == 0) {
    pids.push_back(static_cast<pid_t>(key));
    previous = &key;
  }
  return pids;
}

absl::StatusOr<Link> BpfSession::AttachStartProbe(int fd, uint64_t file_offset,
                                                  uint64_t linked_address, uint32_t image) {
  if (!can_probe_starts()) return absl::UnimplementedError("no probe cookies, or not wanted");
  bpf_uprobe_opts options = {};
  options.sz = sizeof(options);
  options.bpf_cookie = uint64_t{image} << PROFD_COOKIE_ADDRESS_BITS | linked_address;
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  bpf_link* link = bpf_program__attach_uprobe_opts(skeleton_->progs.interpreter_start, -1,
                                                   path.c_str(), file_offset, &options);
  if (link == nullptr) return Errno(errno, "attaching a start probe");
  return Link(link);
}

void BpfSession::OpenGate(uint64_t tag) {
  gate_set& set = gate_[tag & (PROFD_GATE_SETS - 1)];
  int free_way = static_cast<int>(tag >> 60) & (PROFD_GATE_WAYS - 1);  // if full: any one goes
  for (int way = PROFD_GATE_WAYS - 1; way >= 0; --way) {
    if (set.tags[way] == tag) return;
    if (set.tags[way] == 0) free_way = way;
  }
  __atomic_store_n(&set.tags[free_way], tag, __ATOMIC_RELAXED);
}

void BpfSession::CloseGate(absl::Span<const uint64_t> tags) {
  for (uint64_t tag : tags) {
    for (auto& slot : gate_[tag & (PROFD_GATE_SETS - 1)].tags) {
      if (slot == tag) __atomic_store_n(&slot, 0, __ATOMIC_RELAXED);
    }
  }
  if (!tags.empty()) __atomic_add_fetch(&skeleton_->data->gate_epoch, 1, __ATOMIC_RELEASE);
}

int BpfSession::OnRecord(void* context, void* data, size_t size) {
  auto* ring = static_cast<Ring*>(context);
  ring->consumed += BPF_RINGBUF_HDR_SZ + (size + 7) / 8 * 8;
  (*ring->session->handler_)(absl::string_view(static_cast<const char*>(data), size));
  return 0;
}

void BpfSession::ConsumeLifecycle(const RecordHandler& handler) {
  const RecordHandler* outer = std::exchange(handler_, &handler);
  ring_buffer__consume(lifecycle_);
  handler_ = outer;
}

double BpfSession::ConsumeSamples(const RecordHandler& handler) {
  epoll_event told[PROFD_MAX_RINGS];
  (void)epoll_wait(filling_.get(), told, PROFD_MAX_RINGS, 0);
  const RecordHandler* outer = std::exchange(handler_, &handler);
  ring_buffer__consume(samples_);
  handler_ = outer;
  size_t most = 0;
  for (const std::unique_ptr<Ring>& ring : sample_rings_) {
    most = std::max(most, std::exchange(ring->consumed, 0));
  }
  return static_cast<double>(most) / static_cast<double>(ring_bytes_);
}

EventCounters BpfSession::ReadCounters() const {
  EventCounters totals;
  std::vector<uint64_t> per_cpu(libbpf_num_possible_cpus());
  // EVENT_FIRED, which is 0, last: whatever has an outcome by now has fired.
  for (uint32_t key = COUNTER_COUNT; key-- > 0;) {
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.counters), &key, per_cpu.data()) != 0) {
      continue;
    }
    for (uint64_t value : per_cpu) totals.values[key] += value;
  }
  return totals;
}

int BpfSession::processes_fd() const { return bpf_map__fd(skeleton_->maps.processes); }
int BpfSession::excluded_fd() const { return bpf_map__fd(skeleton_->maps.excluded); }

void BpfSession::AddTotals(const Sampler& sampler, PerfEventTotals* totals) const {
  struct {
    uint64_t count, enabled, running;
  } value = {};
  if (read(sampler.event.get(), &value, sizeof(value)) != sizeof(value)) return;
  totals->counted_ns += value.count;
  totals->enabled_ns += value.enabled;
  totals->periods += value.count / options_.period_ns;
}

PerfEventTotals BpfSession::ReadPerfEvents() const {
  PerfEventTotals totals = detached_;
  for (const Sampler& sampler : samplers_) AddTotals(sampler, &totals);
  return totals;
}

}  // namespace profd
