#include "userspace/sampling/pipeline.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "symbolizer/code_reader.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/remote_memory.h"
#include "userspace/profile/comments.h"
#include "userspace/sampling/learn_code.h"

namespace profd {
namespace {

// Python programs may exec each other by way of a shell.
constexpr uint64_t kWindowsWithoutProgram = 2;
// A process that has ended still gives back its memory, and its samples may stand in rings that
// were read before the one that told of its end.
constexpr absl::Duration kEnding = absl::Seconds(1);

Symbolizer::Options SymbolizerOptions(Images* images, const CodeCache::Limits& codes) {
  Symbolizer::Options options;
  options.codes = codes;
  options.native.in_eval_loop = [images](const FileIdentity& file, uint64_t address) {
    return images->InEvaluationLoop(file, address);
  };
  options.is_interpreter_file = [images](const FileIdentity& file) {
    return images->IsInterpreter(file);
  };
  return options;
}

}  // namespace

Pipeline::Pipeline(BpfSession* session, Images* images, Processes* processes, Discovery* discovery,
                   const Options& options)
    : session_(session),
      images_(images),
      processes_(processes),
      discovery_(discovery),
      options_(options),
      symbolizer_(SymbolizerOptions(images, options.codes)) {}

void Pipeline::Open(const Moment& now) {
  opened_ = now;
  now_ = now.steady;
  unix_minus_steady_ns_ = absl::ToUnixNanos(now.wall) - absl::ToInt64Nanoseconds(now.steady);
  at_open_ = Totals();
}

Accounting Pipeline::Totals() const {
  Accounting totals;
  totals.kernel = session_->ReadCounters();
  totals.events = session_->ReadPerfEvents();
  totals.consumer = counts_;
  totals.frames_read_late = symbolizer_.stats().frames_read_late;
  totals.frames_unproven = symbolizer_.stats().frames_unproven;
  totals.frames_unnamed = symbolizer_.stats().frames_unnamed;
  totals.frames_incomplete = symbolizer_.stats().frames_incomplete;
  totals.profile_full = collapsed_before_ + static_cast<uint64_t>(profile_.collapsed_samples());
  totals.side_band_lost = discovery_->side_band_lost();
  totals.memory = memory_counts_;
  return totals;
}

double Pipeline::Consume(const Moment& now) {
  now_ = now.steady;
  session_->ConsumeLifecycle([this](absl::string_view record) { OnLifecycle(record); });
  const double fill =
      session_->ConsumeSamples([this](absl::string_view record) { OnSampleRing(record); });
  ReleaseEnded();
  return fill;
}

void Pipeline::OnLifecycle(absl::string_view raw) {
  auto record = ParseProcess(raw);
  if (!record.has_value()) return;
  switch (record->type) {
    case RECORD_PROCESS_START: {
      last_birth_ = now_;
      auto parent =
          record->parent_incarnation != 0 ? processes_->Find(record->parent_incarnation) : nullptr;
      auto process = discovery_->Complete(*record, parent);
      if (process == nullptr) break;
      processes_->Add(process);
      break;
    }
    case RECORD_PROCESS_EXEC:
    case RECORD_PROCESS_EXIT:
    case RECORD_PROCESS_FREED:
      EndProcess(*record);
      break;
    case RECORD_PROCESS_RENAMED:
      OnRename(record->incarnation);
      break;
    case RECORD_PROCESS_UNKNOWN:
      discovery_->Look(record->tgid);
      break;
    default:
      break;
  }
}

void Pipeline::OnRename(uint64_t incarnation) {
  auto process = processes_->Find(incarnation);
  if (process == nullptr || process->ended || process->selected) return;
  auto used = CpuTime(process->key.pid);
  if (!used.ok() || !discovery_->ExcludeUnlessNamed(*process)) return;
  (void)Unreported(*process, *used);  // what it used before is in no profile
}

void Pipeline::EndProcess(const process_record& record) {
  auto process = processes_->Find(record.incarnation);
  if (process == nullptr) return;
  const absl::Duration used = absl::Nanoseconds(record.cpu_ns);
  if (used > process->cpu_at_end) {
    process->cpu_at_end = used;
    process->end_told = false;
  }
  if (std::exchange(process->ended, true)) return;
  process->ended_at = now_;
  ended_.push_back(process);
}

absl::Duration Pipeline::Unreported(const Process& process, absl::Duration used) {
  if (used == absl::ZeroDuration()) return used;
  const auto [entry, is_new] = clocks_.try_emplace(process.key.pid);
  CpuClock& clock = entry->second;
  const bool other_process =
      process.start_ticks != 0 ? clock.start_ticks != process.start_ticks : used < clock.reported;
  if (is_new || other_process) clock = {process.start_ticks, process.cpu_before, 0};
  clock.reported = std::max(clock.reported, process.cpu_before);  // of another program
  clock.last_window = windows_;
  const absl::Duration unreported = std::max(used - clock.reported, absl::ZeroDuration());
  clock.reported += unreported;
  return unreported;
}

std::shared_ptr<Process> Pipeline::Adopt(uint64_t incarnation, pid_t pid) {
  auto registered = session_->FindProcess(pid);
  if (!registered.ok() || registered->incarnation != incarnation) return nullptr;
  process_record record = {};
  record.tgid = pid;
  record.incarnation = incarnation;
  record.image = registered->image;
  record.followed = session_->IsFollowed(pid);
  auto process = discovery_->Complete(record, nullptr);
  if (process == nullptr) return nullptr;
  process->interp_head = registered->interp_head;
  processes_->Add(process);
  if (registered->ended) EndProcess(record);
  return process;
}

void Pipeline::EndUnregistered() {
  for (const std::shared_ptr<Process>& process : processes_->All()) {
    if (process->ended) continue;
    auto registered = session_->FindProcess(process->key.pid);
    if (registered.ok() && registered->incarnation == process->key.incarnation &&
        !registered->ended) {
      continue;
    }
    process_record record = {};  // its CPU time since the last window is not known: none
    record.incarnation = process->key.incarnation;
    EndProcess(record);
  }
}

std::shared_ptr<Process> Pipeline::FindProcess(uint64_t incarnation, pid_t pid) {
  if (last_process_ != nullptr && last_process_->key.incarnation == incarnation) {
    return last_process_;
  }
  auto process = processes_->Find(incarnation);
  if (process == nullptr) {
    // Born since the lifecycle ring was read: its record stands there before its first sample.
    session_->ConsumeLifecycle([this](absl::string_view record) { OnLifecycle(record); });
    process = processes_->Find(incarnation);
  }
  if (process == nullptr) process = Adopt(incarnation, pid);
  if (process != nullptr) last_process_ = process;
  return process;
}

void Pipeline::OnSampleRing(absl::string_view record) {
  switch (RecordType(record)) {
    case RECORD_SAMPLE: {
      auto sample = ParseSample(record);
      if (!sample.has_value()) {
        ++counts_.malformed;
        return;
      }
      OnSample(*sample);
      break;
    }
    case RECORD_CODE: {
      auto code = ParseCode(record);
      if (code.has_value()) OnCode(*code);
      break;
    }
    default:
      ++counts_.malformed;
  }
}

void Pipeline::OnCode(const RawCode& code) {
  auto process = FindProcess(code.header->incarnation, code.header->tgid);
  if (process == nullptr) return;
  const py_layout& layout = process->image->interpreter.layout;
  auto description = DescribeCode(*code.header, code.payload, layout);
  if (!description.ok()) {
    ProcessMemory* memory = MemoryOf(*process);
    if (memory == nullptr) return;
    const code_record& sent = *code.header;
    description = ReadCode(*memory, layout, {sent.code, sent.incarnation, sent.tag});
    if (!description.ok()) return;
  }
  LearnCode(code.header->incarnation, code.header->tag, *std::move(description),
            &symbolizer_.codes(), session_);
}

void Pipeline::OnSample(const RawSample& sample) {
  auto process = FindProcess(sample.header->incarnation, sample.header->tgid);
  if (process == nullptr) {
    ++counts_.unknown_process;
    return;
  }
  if (!process->selected) {
    ++counts_.not_selected;
    return;
  }
  if (process->ended) process->ended_at = now_;
  const sample_record& header = *sample.header;
  const auto cpu_ns = static_cast<int64_t>(header.ticks * session_->period_ns());
  if (Excludes((header.flags & SAMPLE_HOLDS_GIL) != 0, cpu_ns)) {
    ++counts_.without_gil;
    return;
  }
  ++counts_.profiled;
  const Profile::StackId stack = StackOf(*process, sample);
  const Profile::LabelsId labels = LabelsOf(
      *process,
      {header.tid, header.thread_id, CommView(header.thread_comm), CommView(header.process_comm)});
  const uint32_t index = profile_.Add(stack, labels, 1, cpu_ns, options_.wall ? cpu_ns : 0);
  if (options_.keep_times) KeepTime(header.time_ns, index, header.ticks);
}

void Pipeline::AddStart(Process& process) {
  const auto cpu_ns = static_cast<int64_t>(process.start.ticks * session_->period_ns());
  if (!process.selected || Excludes(/*holds_gil=*/false, cpu_ns)) return;
  counts_.profiled += process.start.events;
  counts_.before_start += process.start.events;
  const Profile::StackId stack = StackOf(process, RawStack{});
  const auto tid = static_cast<uint32_t>(process.key.pid);
  const auto known = labels_.find({process.key.incarnation, tid});
  const Profile::LabelsId labels = known != labels_.end()
                                       ? known->second.id
                                       : LabelsOf(process, {tid, 0, process.comm, process.comm});
  const uint32_t index = profile_.Add(stack, labels, static_cast<int64_t>(process.start.events),
                                      cpu_ns, options_.wall ? cpu_ns : 0);
  if (!options_.keep_times) return;
  const auto opened_ns = static_cast<uint64_t>(absl::ToInt64Nanoseconds(opened_.steady));
  uint64_t time_ns = std::max(process.start.exec_ns, opened_ns);
  uint64_t ticks = process.start.ticks;
  for (uint64_t left = process.start.events; left > 0; --left) {
    const uint64_t share = ticks / left;
    KeepTime(time_ns, index, share);
    ticks -= share;
    time_ns += share * session_->period_ns();
  }
}

void Pipeline::AddWaiting(const WaitingSample& sample) {
  const auto wall_ns = static_cast<int64_t>(sample.ticks * session_->period_ns());
  if (Excludes(sample.holds_gil, wall_ns)) return;
  ++waiting_samples_;
  Process& process = *sample.process;
  const Profile::StackId stack = StackOf(process, sample.stack);
  const Profile::LabelsId labels =
      LabelsOf(process, {sample.tid, sample.thread_id, sample.thread_comm, process.comm});
  const uint32_t index = profile_.Add(stack, labels, 1, 0, wall_ns);
  if (options_.keep_times) KeepTime(sample.time_ns, index, sample.ticks);
}

bool Pipeline::Excludes(bool holds_gil, int64_t ns) {
  if (holds_gil) gil_held_ns_ += ns;
  return options_.gil_only && !holds_gil;
}

void Pipeline::KeepTime(uint64_t time_ns, uint32_t sample, uint32_t ticks) {
  if (events_.size() >= Recording::kMaxEvents) {
    ++times_dropped_;
    return;
  }
  events_.push_back({static_cast<int64_t>(time_ns) + unix_minus_steady_ns_, sample, ticks});
}

ProcessMemory* Pipeline::MemoryOf(Process& process) {
  if (!process.memory_tried) {
    process.memory_tried = true;
    auto memory = RemoteMemory::Create(process.key.pid);
    if (memory.ok()) {
      process.memory =
          std::make_unique<MeteredMemory>(*std::move(memory), &read_budget_, &memory_counts_);
    }
  }
  return process.memory.get();
}

Profile::StackId Pipeline::StackOf(Process& process, const RawSample& sample) {
  RawStack raw;
  raw.python = sample.python;
  raw.kernel = sample.kernel;
  raw.state = sample.header->stack_state;
  if (!sample.header->in_kernel) {
    raw.native_leaf = symbolizer_.NativeLeaf(process.key, sample.header->user_ip);
  }
  return StackOf(process, raw);
}

Profile::StackId Pipeline::StackOf(Process& process, const RawStack& raw) {
  SymbolizerProcess view;
  view.key = process.key;
  view.layout = &process.image->interpreter.layout;
  view.memory = [this, &process] { return MemoryOf(process); };
  view.learn = [this, &process](uint64_t tag, CodeDescription description) {
    LearnCode(process.key.incarnation, tag, std::move(description), &symbolizer_.codes(), session_);
  };
  return stacks_.Intern(view, raw, &profile_);
}

Profile::LabelsId Pipeline::LabelsOf(Process& process, const SampledThread& sampled) {
  const ThreadLabels::Thread id = {static_cast<pid_t>(sampled.tid), sampled.thread_id};
  ThreadLabels::Name name;
  if (id.id != 0) {
    name = process.threads.NameOf(id,
                                  {MemoryOf(process), &process.image->interpreter.layout,
                                   process.interp_head.load(), &early_looks_},
                                  now_);
  }
  if (name.is_new_thread) last_birth_ = now_;
  const bool is_provisional = name.text.empty();
  const absl::string_view thread = is_provisional ? sampled.comm : name.text;
  const ThreadKey key{process.key.incarnation, sampled.tid};
  auto known = labels_.find(key);
  if (known != labels_.end() && known->second.comm == sampled.process_comm) {
    ThreadLabel& label = known->second;
    if (label.thread != thread && label.is_provisional && !is_provisional &&
        profile_.NameThread(label.id, thread)) {
      label.thread = std::string(thread);
    }
    if (label.thread == thread) {
      label.is_provisional = is_provisional;
      return label.id;
    }
  }
  Labels labels;
  labels.pid = process.key.pid;
  labels.tid = sampled.tid;
  labels.comm = std::string(sampled.process_comm);
  labels.thread = std::string(thread);
  labels.python = process.image->interpreter.version.ToString();
  labels.container = process.container;
  const Profile::LabelsId labels_id = profile_.InternLabels(labels);
  labels_[key] = {labels_id, labels.thread, labels.comm, is_provisional};
  if (is_provisional) provisional_.push_back({key.incarnation, id, labels_id});
  process.comm = labels.comm;
  return labels_id;
}

void Pipeline::NameThreadsLate() {
  for (const auto& [incarnation, thread, labels] : std::exchange(provisional_, {})) {
    const std::shared_ptr<Process> process = processes_->Find(incarnation);
    if (process == nullptr) continue;
    const absl::string_view name = process->threads.KnownNameOf(thread);
    if (!name.empty()) profile_.NameThread(labels, name);
  }
}

FinishedWindow Pipeline::Close(const Moment& now) {
  for (const std::shared_ptr<Process>& process : processes_->All()) {
    if (process->has_start.exchange(false)) AddStart(*process);
  }
  FinishedWindow window;
  window.start = opened_.wall;
  window.duration = now.steady - opened_.steady;
  const Accounting totals = Totals();
  window.accounting = totals - at_open_;
  window.samples = window.accounting.consumer.profiled;
  NameThreadsLate();
  window.profile = std::exchange(profile_, Profile(options_.profile));
  collapsed_before_ += static_cast<uint64_t>(window.profile.collapsed_samples());
  window.events = std::exchange(events_, {});
  window.waiting_samples = std::exchange(waiting_samples_, 0);
  window.gil_held = absl::Nanoseconds(std::exchange(gil_held_ns_, 0));
  // Each CPU's are in order already, but not among each other.
  std::sort(
      window.events.begin(), window.events.end(),
      [](const Recording::Event& a, const Recording::Event& b) { return a.time_ns < b.time_ns; });
  // The kernel tells of no death of a process that had no room in its table.
  if (window.accounting.kernel[COUNT_LIFECYCLE_RING_FULL] > 0 ||
      window.accounting.kernel[COUNT_PROCESS_TABLE_FULL] > 0) {
    EndUnregistered();
  }
  AddFacts(&window);
  stacks_.Clear();
  labels_.clear();
  last_process_ = nullptr;
  ForgetEnded();
  const uint64_t released = symbolizer_.codes().released_bytes();
  window.released_bytes = released - std::exchange(released_before_, released);
  times_dropped_ = 0;
  at_open_ = totals;
  opened_ = now;
  now_ = now.steady;
  return window;
}

void Pipeline::AddFacts(FinishedWindow* window) {
  Window facts;
  facts.start = window->start;
  facts.duration = window->duration;
  facts.period_ns = session_->period_ns();
  Profile& profile = window->profile;
  profile.set_window(facts);

  ++windows_;
  const auto add = [&](const Process& process, absl::Duration used) {
    const absl::Duration in_window = Unreported(process, used);
    if (!process.selected || in_window == absl::ZeroDuration()) return;
    ++window->processes;
    window->cpu += in_window;
    profile.AddComment(ProcessCpuComment(process.key.pid, process.comm, in_window));
  };
  for (const std::shared_ptr<Process>& process : ended_) {
    if (!std::exchange(process->end_told, true)) add(*process, process->cpu_at_end);
    // The rest of its time may follow.
    if (auto clock = clocks_.find(process->key.pid); clock != clocks_.end()) {
      clock->second.last_window = windows_;
    }
  }
  for (const std::shared_ptr<Process>& process : processes_->All()) {
    if (process->ended || !process->selected) continue;
    if (auto used = CpuTime(process->key.pid); used.ok()) add(*process, *used);
    // Else its end is still in the ring.
  }
  absl::erase_if(clocks_, [this](const auto& entry) {
    return entry.second.last_window + kWindowsWithoutProgram < windows_;
  });
  profile.AddComment(
      FormatComment({"profd.events_fired", {}, absl::StrCat(window->accounting.fired())}));
  profile.AddComment(FormatComment({"profd.samples", {}, absl::StrCat(window->samples)}));
  profile.AddComment(
      FormatComment({"profd.elsewhere", {}, absl::StrCat(window->accounting.Elsewhere())}));
  if (times_dropped_ > 0) {
    profile.AddComment(FormatComment({"profd.times_dropped", {}, absl::StrCat(times_dropped_)}));
  }
  if (window->waiting_samples > 0) {
    profile.AddComment(
        FormatComment({"profd.waiting_samples", {}, absl::StrCat(window->waiting_samples)}));
  }
  // A reason that is not there counts 0: pprof prints every comment above every table.
  for (const auto& [reason, count] : window->accounting.Lost()) {
    if (count > 0) profile.AddComment(LostComment(reason, count));
  }
  for (const auto& [reason, count] : window->accounting.Imperfect()) {
    if (count == 0) continue;
    profile.AddComment(
        FormatComment({"profd.imperfect", {{"reason", reason}}, absl::StrCat(count)}));
  }
}

// A recording is one window, in which any number of processes may come and go.
void Pipeline::ReleaseEnded() {
  while (released_ < ended_.size() && ended_[released_]->released) ++released_;
  for (size_t i = released_; i < ended_.size(); ++i) {
    Process* const process = ended_[i].get();
    if (process->released || now_ - process->ended_at < kEnding) continue;
    const auto& [pid, incarnation] = process->key;
    session_->CloseGate(symbolizer_.codes().Forget(incarnation));
    symbolizer_.native().Forget(process->key);
    session_->RemoveProcess(pid, incarnation);  // a zombie
    session_->EndExclusion(incarnation);
    process->memory.reset();
    process->released = true;
  }
}

void Pipeline::ForgetEnded() {
  ReleaseEnded();
  std::erase_if(ended_, [this](const std::shared_ptr<Process>& process) {
    if (process->released) processes_->Remove(process->key.incarnation);
    return process->released;
  });
  released_ = 0;
}

}  // namespace profd
