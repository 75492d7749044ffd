#include "userspace/collector/discovery.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/remote_memory.h"
#include "symbolizer/process/within.h"
#include "userspace/collector/records.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

constexpr size_t kMaxSeen = 65536;
constexpr size_t kMaxFiles = 1024;  // of code that a process can make us look at
constexpr size_t kFilesAtOnce = 32;
constexpr size_t kMaxQueue = 65536;
constexpr int kMaxPasses = 4;
constexpr int kMaxGenerations = 64;
constexpr int kRetries = 3;                                // of a look that raced with exec
constexpr absl::Duration kPause = absl::Milliseconds(5);   // bounds wake-ups on busy hosts
constexpr absl::Duration kLongestWait = absl::Seconds(1);  // files may change without a word
constexpr std::chrono::seconds kForgetSeen{1};
constexpr std::chrono::seconds kLookAgain{4};     // at a stranger: may load an interpreter yet
constexpr std::chrono::seconds kCpusInterval{5};  // between looks at which CPUs are online

uint64_t RandomIncarnation() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine() | 1;
}

bool CalledPython(const Mapping& mapping) { return absl::StrContains(mapping.path, "python"); }

}  // namespace

Discovery::Discovery(BpfSession* session, Images* images, Processes* processes,
                     const Selection& selection)
    : session_(session),
      images_(images),
      processes_(processes),
      selection_(selection),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Discovery::~Discovery() { Stop(); }

absl::Status Discovery::Listen() {
  if (!wake_.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  auto events = MmapEvents::Create();
  if (!events.ok()) return events.status();
  events_ = *std::move(events);
  return absl::OkStatus();
}

absl::Status Discovery::FollowSelection(absl::Span<const pid_t> known) {
  if (!selection_.has_descendants()) return absl::OkStatus();
  for (pid_t pid : known) {
    if (!Exists(pid)) continue;
    if (absl::Status status = session_->Follow(pid); !status.ok()) return status;
  }
  for (pid_t pid : selection_.pids()) {
    if (absl::Status status = session_->Follow(pid); !status.ok()) return status;
  }
  // Again, since a child can have a lower ID than its parent.
  bool found = true;
  for (int passes = 0; found && passes < kMaxGenerations; ++passes) {
    found = false;
    for (pid_t pid : ListProcesses()) {
      auto parent = ParentPid(pid);
      if (!parent.ok() || !session_->IsFollowed(*parent) || session_->IsFollowed(pid)) continue;
      if (absl::Status status = session_->Follow(pid); !status.ok()) return status;
      found = true;
    }
  }
  return absl::OkStatus();
}

void Discovery::ScanLikely() {
  for (pid_t pid : selection_.pids()) Inspect(pid, /*only_likely=*/false);
  // Again for the children that were forked before their parents were registered.
  size_t before;
  int passes = 0;
  do {
    before = processes_->size();
    for (pid_t pid : ListProcesses()) {
      Inspect(pid, /*only_likely=*/true);
      if (passes == 0) Look(pid);
    }
  } while (processes_->size() > before && ++passes < kMaxPasses);
  images_->AwaitProbes();
}

void Discovery::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Discovery::Stop() {
  stopping_ = true;
  Wake();
  if (thread_.joinable()) thread_.join();
}

void Discovery::Look(pid_t pid) {
  if (pid == getpid()) return;  // samples fall into ourselves all the time
  std::scoped_lock lock(mutex_);
  if (asked_for_.insert(pid).second) Enqueue(pid);  // each CPU tells of a stranger
}

void Discovery::Enqueue(pid_t pid) {
  if (to_look_at_.empty()) Wake();
  if (to_look_at_.size() < kMaxQueue) to_look_at_.push_back(pid);
}

void Discovery::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

void Discovery::Run() {
  const auto began = std::chrono::steady_clock::now();
  auto forget_seen = began + kForgetSeen;
  auto look_at_cpus = began + kCpusInterval;
  auto look_again = began + kLookAgain;
  while (!stopping_) {
    events_->Wait(kLongestWait, {images_->changes(), wake_.get()});
    images_->DropChanged();
    events_->Consume([this](const MmapEvent& event) { OnMmap(event); });
    side_band_lost_ = events_->lost();
    std::vector<pid_t> pids;
    {
      std::scoped_lock lock(mutex_);
      uint64_t times;
      (void)!read(wake_.get(), &times, sizeof(times));
      pids.swap(to_look_at_);
    }
    for (pid_t pid : pids) {
      if (stopping_) return;
      Inspect(pid, /*only_likely=*/false);
      events_->Consume([this](const MmapEvent& event) { OnMmap(event); });
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= forget_seen) {
      seen_.clear();
      forget_seen = now + kForgetSeen;
    }
    if (now >= look_again) {
      std::scoped_lock lock(mutex_);
      asked_for_.clear();
      look_again = now + kLookAgain;
    }
    if (now >= look_at_cpus) {
      // What has failed is tried again, and new processes are found by their samples meanwhile.
      events_->RefreshCpus().IgnoreError();
      look_at_cpus = now + kCpusInterval;
    }
    absl::SleepFor(kPause);
  }
}

void Discovery::OnMmap(const MmapEvent& event) {
  if (stopping_ || event.mapping.inode == 0 || !event.mapping.executable) return;
  const FileKey key{event.mapping.device, event.mapping.inode, event.inode_generation};
  auto seen = seen_.find(key);
  // The processes of a probed interpreter register themselves.
  const bool is_new = seen == seen_.end() || (seen->second.image && !seen->second.image->probed());
  if (is_new) {
    auto file = OpenMappedFileWithin(event.pid, event.mapping);
    if (!file.ok()) return;
    FileKind kind = images_->Classify(event.pid, event.mapping.path, *std::move(file));
    if (seen_.size() >= kMaxSeen) seen_.clear();
    seen = seen_.insert_or_assign(key, Seen{std::move(kind.image), kind.copies_runtime}).first;
  }
  if (seen->second.copies_runtime) {
    std::scoped_lock lock(mutex_);
    if (copies_runtime_.size() >= kMaxQueue) copies_runtime_.clear();
    copies_runtime_.insert(event.pid);
  } else if (!is_new || seen->second.image == nullptr) {
    return;
  }
  Inspect(event.pid, /*only_likely=*/false);
}

std::vector<Mapping> Discovery::MappingsToLookAt(std::vector<Mapping> all, bool only_likely) {
  std::vector<Mapping> chosen;
  uint64_t last_inode = 0, last_device = 0;
  for (Mapping& mapping : all) {
    if (!mapping.executable || mapping.inode == 0) continue;
    if (mapping.inode == last_inode && mapping.device == last_device) continue;
    last_inode = mapping.inode;
    last_device = mapping.device;
    // The executable can hold the runtime of a library called after Python.
    if (only_likely && !chosen.empty() && !CalledPython(mapping)) continue;
    if (chosen.size() == kMaxFiles) break;
    chosen.push_back(std::move(mapping));
  }
  return chosen;
}

absl::StatusOr<std::vector<Discovery::InterpreterFile>> Discovery::FindInterpreterFiles(
    pid_t pid, bool only_likely) {
  auto mappings = ReadMappingsWithin(pid);
  if (!mappings.ok()) return mappings.status();
  const std::vector<Mapping> chosen = MappingsToLookAt(*std::move(mappings), only_likely);
  std::vector<InterpreterFile> found;
  for (size_t done = 0; done < chosen.size() && !stopping_; done += kFilesAtOnce) {
    const auto some = absl::MakeConstSpan(chosen).subspan(done, kFilesAtOnce);
    auto files = OpenMappedFilesWithin(pid, some);
    if (!files.ok()) return files.status();
    for (size_t i = 0; i < some.size(); ++i) {
      if (!(*files)[i].ok()) continue;
      FileKind kind = images_->Classify(pid, some[i].path, *std::move((*files)[i]));
      if (kind.image == nullptr && !kind.copies_runtime) continue;
      found.push_back({some[i], std::move(kind)});
    }
  }
  return found;
}

absl::StatusOr<std::optional<Discovery::Candidate>> Discovery::FindInterpreter(pid_t pid,
                                                                               bool only_likely) {
  auto files = FindInterpreterFiles(pid, only_likely);
  if (!files.ok()) return files.status();
  std::optional<Candidate> best;
  std::optional<uint64_t> runtime_copy;  // address of a copy-relocated _PyRuntime
  for (const auto& [mapping, kind] : *files) {
    auto bias = LoadBias(*kind.elf, mapping.start, mapping.offset, mapping.end - mapping.start);
    if (!bias.ok()) continue;
    if (kind.copies_runtime) runtime_copy = *bias + kind.runtime_copy;
    if (kind.image == nullptr) continue;
    Candidate candidate;
    candidate.image = kind.image;
    const py_image& addresses = kind.image->interpreter.addresses;
    auto absolute = [&](uint64_t linked) { return linked == 0 ? 0 : linked + *bias; };
    candidate.process.image = kind.image->index;
    candidate.process.interp_head = absolute(addresses.interp_head);
    candidate.process.tss_key = absolute(addresses.tss_key);
    candidate.process.tstate_current = absolute(addresses.tstate_current);
    if (runtime_copy.has_value() && addresses.runtime != 0) {
      const uint64_t moved = *runtime_copy - absolute(addresses.runtime);
      for (uint64_t* address : {&candidate.process.interp_head, &candidate.process.tss_key,
                                &candidate.process.tstate_current}) {
        if (*address != 0) *address += moved;
      }
    }
    if (!best.has_value()) {
      best = std::move(candidate);
      continue;
    }
    // Two interpreters in one process: the one that runs.
    auto memory = RemoteMemory::Create(pid);
    if (!memory.ok()) continue;
    auto head = (*memory)->Get<uint64_t>(candidate.process.interp_head);
    if (head.ok() && *head != 0) best = std::move(candidate);
  }
  return best;
}

absl::Duration Discovery::CpuBefore(pid_t pid) const {
  if (auto start = session_->FindStart(static_cast<uint32_t>(pid))) {
    return absl::Nanoseconds(start->cpu_ns);
  }
  auto used = CpuTime(pid);
  return used.ok() ? *used : absl::ZeroDuration();
}

void Discovery::Inspect(pid_t pid, bool only_likely) {
  for (int attempt = 0; attempt < kRetries; ++attempt) {
    if (auto known = session_->FindProcess(pid); known.ok()) return Correct(pid, *known);
    auto found = FindInterpreter(pid, only_likely);
    if (!found.ok() || !found->has_value()) return;
    Candidate& candidate = **found;
    candidate.process.incarnation = RandomIncarnation();

    auto process = std::make_shared<Process>();
    process->key = {pid, candidate.process.incarnation};
    process->image = candidate.image;
    process->interp_head = candidate.process.interp_head;
    process->comm = Comm(pid);
    process->container = ContainerId(pid);
    process->start_ticks = StartTimeTicks(pid).value_or(0);
    process->cpu_before = CpuBefore(pid);
    const bool selected = selection_.Matches(pid, process->comm) || session_->IsFollowed(pid);
    process->selected = selected;
    if (!selected && !session_->Exclude(candidate.process.incarnation).ok()) return;
    processes_->Add(process);
    absl::Status inserted = session_->InsertProcess(pid, candidate.process);
    if (!inserted.ok()) {
      Unregister(pid, candidate.process.incarnation);
      if (inserted.code() != absl::StatusCode::kAlreadyExists) {
        spdlog::warn("pid={} error={}", pid, LogValue(inserted.message()));
      }
      return;
    }
    // The process may have exec'd or ended since its mappings were read, and then the kernel's
    // programs have already forgotten it. Of a new name they tell from here on.
    auto again = FindInterpreter(pid, only_likely);
    if (again.ok() && again->has_value() &&
        (*again)->process.interp_head == candidate.process.interp_head &&
        (*again)->process.image == candidate.process.image &&
        (selected || !selection_.Matches(pid, Comm(pid)))) {
      TakeStart(*process);
      return;
    }
    Unregister(pid, candidate.process.incarnation);
  }
}

void Discovery::TakeStart(Process& process) {
  const py_start start = session_->TakeStart(process.key.pid);
  if (start.events == 0) return;
  // Where the interpreter runs already, some of that was Python code.
  auto memory = RemoteMemory::Create(process.key.pid);
  if (!memory.ok()) return;
  auto head = (*memory)->Get<uint64_t>(process.interp_head);
  if (!head.ok() || *head != 0) return;
  process.start = start;
  process.has_start = true;
}

void Discovery::Unregister(pid_t pid, uint64_t incarnation) {
  session_->RemoveProcess(pid, incarnation);
  if (session_->has_exclusions()) session_->EndExclusion(incarnation);
  processes_->Remove(incarnation);
}

void Discovery::Correct(pid_t pid, const py_process& known) {
  {
    std::scoped_lock lock(mutex_);
    if (!copies_runtime_.contains(pid)) return;
  }
  auto found = FindInterpreter(pid, /*only_likely=*/false);
  if (!found.ok() || !found->has_value()) return;
  py_process right = known;
  right.interp_head = (*found)->process.interp_head;
  right.tss_key = (*found)->process.tss_key;
  right.tstate_current = (*found)->process.tstate_current;
  right.image = (*found)->process.image;
  if (right.interp_head != known.interp_head) (void)session_->ReplaceProcess(pid, right);
  if (auto process = processes_->Find(known.incarnation); process != nullptr) {
    process->interp_head = right.interp_head;
  }
}

std::shared_ptr<Process> Discovery::Complete(const process_record& record,
                                             const std::shared_ptr<Process>& parent) {
  auto process = std::make_shared<Process>();
  const pid_t pid = record.tgid;
  process->key = {pid, record.incarnation};
  process->image = images_->At(record.image);
  if (process->image == nullptr) return nullptr;
  process->comm = Comm(pid);
  if (process->comm.empty()) process->comm = std::string(CommView(record.comm));  // it has gone
  process->container = ContainerId(pid);
  process->start_ticks = StartTimeTicks(pid).value_or(0);
  if (parent != nullptr) {
    process->interp_head = parent->interp_head.load();
    if (process->container.empty()) process->container = parent->container;
    process->selected = parent->selected && selection_.pids().empty();
    process->selected =
        process->selected || record.followed || selection_.Matches(pid, process->comm);
  } else {
    const uint64_t head = process->image->interpreter.addresses.interp_head;
    process->interp_head = head == 0 ? 0 : head + record.load_base;
    if (record.load_base == 0) {  // a fork whose parent's record was lost
      auto registered = session_->FindProcess(pid);
      process->interp_head = registered.ok() ? registered->interp_head : 0;
    }
    process->selected = record.followed || selection_.Matches(pid, process->comm);
    const bool is_told = record.time_ns != 0;  // by the kernel: else it was found in its table
    process->cpu_before = is_told ? absl::Nanoseconds(record.cpu_ns) : CpuBefore(pid);
    process->start = record.start;
    process->has_start = record.start.events > 0;
    std::scoped_lock lock(mutex_);
    if (copies_runtime_.contains(pid)) Enqueue(pid);
  }
  if (!process->selected) ExcludeUnlessNamed(*process);
  return process;
}

bool Discovery::ExcludeUnlessNamed(Process& process) {
  // In this order: a name that is newer than what is read here is told of.
  if (!session_->Exclude(process.key.incarnation).ok() || !selection_.by_name()) return false;
  std::string comm = Comm(process.key.pid);
  if (comm.empty() || !selection_.Matches(process.key.pid, comm)) return false;
  process.comm = std::move(comm);
  process.selected = true;
  session_->EndExclusion(process.key.incarnation);
  return true;
}

}  // namespace profd
