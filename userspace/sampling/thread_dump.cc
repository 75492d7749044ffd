#include "userspace/sampling/thread_dump.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "symbolizer/code_reader.h"
#include "symbolizer/process/process.h"
#include "symbolizer/process/remote_memory.h"
#include "symbolizer/process/within.h"
#include "userspace/collector/bpf_session.h"
#include "userspace/collector/clock.h"
#include "userspace/collector/discovery.h"
#include "userspace/collector/images.h"
#include "userspace/collector/processes.h"
#include "userspace/collector/records.h"
#include "userspace/collector/thread_iterator.h"
#include "userspace/sampling/learn_code.h"
#include "userspace/sampling/still_reader.h"

namespace profd {
namespace {

constexpr uint64_t kPeriodNs = 1'000'000;
constexpr absl::Duration kPause = absl::Milliseconds(2);  // a thread that runs now may wait then
constexpr int kRounds = 4096;  // of reading: all threads that a process can have

class Dumper {
 public:
  explicit Dumper(pid_t pid) : pid_(pid) {}

  absl::Status Open();
  absl::StatusOr<ThreadDump> Dump(absl::Duration patience);

 private:
  struct Found {
    DumpedThread thread;
    bool done = false;
    bool is_python = true;
  };

  // True when every thread has its stack.
  absl::StatusOr<bool> Pass();
  void OnRecord(absl::string_view record);
  void OnSample(const RawSample& sample);
  void OnStill(const StillThread& still);
  Stack Symbolized(const RawStack& raw);
  void NameThreads(ThreadDump* dump);
  ProcessMemory* Memory();

  const pid_t pid_;
  std::unique_ptr<BpfSession> session_;
  std::unique_ptr<Images> images_;
  Processes processes_;
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<Symbolizer> symbolizer_;
  std::unique_ptr<ThreadIterator> iterator_;
  std::unique_ptr<StillReader> reader_;
  std::unique_ptr<ProcessMemory> memory_;
  std::shared_ptr<Process> process_;
  std::map<pid_t, Found> found_;
  absl::Status unreadable_;
};

absl::Status Dumper::Open() {
  if (!Exists(pid_)) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid_));
  }
  BpfSession::Options options;
  options.period_ns = kPeriodNs;
  options.want_gil = true;
  options.start_probes = false;
  auto session = BpfSession::Create(options);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  images_ = std::make_unique<Images>(session_.get());
  discovery_ = std::make_unique<Discovery>(session_.get(), images_.get(), &processes_,
                                           Selection::Pids({pid_}));
  discovery_->LookNow(pid_);
  const auto processes = processes_.All();
  if (processes.empty()) {
    const auto unsupported = images_->unsupported();
    return absl::FailedPreconditionError(
        unsupported.empty() ? absl::StrCat("process ", pid_, " runs no Python")
                            : absl::StrCat("process ", pid_, ": ", unsupported.front().path, ": ",
                                           unsupported.front().reason));
  }
  process_ = processes.front();
  Symbolizer::Options symbolizer;
  symbolizer.native.in_eval_loop = [this](const FileIdentity& file, uint64_t address) {
    return images_->InEvaluationLoop(file, address);
  };
  symbolizer.is_interpreter_file = [this](const FileIdentity& file) {
    return images_->IsInterpreter(file);
  };
  symbolizer_ = std::make_unique<Symbolizer>(std::move(symbolizer));
  auto iterator = ThreadIterator::Create(*session_);
  if (!iterator.ok()) return iterator.status();
  iterator_ = *std::move(iterator);
  reader_ = std::make_unique<StillReader>(session_.get(), symbolizer_.get(), iterator_.get());
  return absl::OkStatus();
}

ProcessMemory* Dumper::Memory() {
  if (memory_ == nullptr) {
    auto memory = RemoteMemory::Create(pid_);
    if (memory.ok()) memory_ = *std::move(memory);
  }
  return memory_.get();
}

Stack Dumper::Symbolized(const RawStack& raw) {
  SymbolizerProcess view;
  view.key = process_->key;
  view.layout = &process_->image->interpreter.layout;
  view.memory = [this] { return Memory(); };
  view.learn = [this](uint64_t tag, CodeDescription description) {
    LearnCode(process_->key.incarnation, tag, std::move(description), &symbolizer_->codes(),
              session_.get());
  };
  return symbolizer_->Symbolize(view, raw);
}

void Dumper::OnRecord(absl::string_view record) {
  if (RecordType(record) == RECORD_SAMPLE) {
    if (auto sample = ParseSample(record); sample.has_value()) OnSample(*sample);
    return;
  }
  auto code = ParseCode(record);
  if (!code.has_value() || code->header->incarnation != process_->key.incarnation) return;
  auto description =
      DescribeCode(*code->header, code->payload, process_->image->interpreter.layout);
  if (!description.ok()) return;
  LearnCode(process_->key.incarnation, code->header->tag, *std::move(description),
            &symbolizer_->codes(), session_.get());
}

void Dumper::OnSample(const RawSample& sample) {
  const sample_record& header = *sample.header;
  if (header.incarnation != process_->key.incarnation) return;
  Found& found = found_[static_cast<pid_t>(header.tid)];
  if (found.done || header.stack_state == STACK_TORN) return;
  if (header.stack_state == STACK_NONE && header.tstate_source == TSTATE_NOT_FOUND) {
    found.is_python = false;
    found.done = true;
    return;
  }
  RawStack raw;
  raw.python = sample.python;
  raw.kernel = sample.kernel;
  raw.state = header.stack_state;
  if (!header.in_kernel) {
    raw.native_leaf = symbolizer_->NativeLeaf(process_->key, header.user_ip);
  }
  found.thread.running = true;
  found.thread.ident = header.thread_id;
  found.thread.holds_gil = (header.flags & SAMPLE_HOLDS_GIL) != 0;
  found.thread.name =
      std::string(header.thread_comm, strnlen(header.thread_comm, sizeof(header.thread_comm)));
  found.thread.stack = Symbolized(raw);
  found.thread.unread.clear();
  found.done = true;
}

void Dumper::OnStill(const StillThread& still) {
  Found& found = found_[static_cast<pid_t>(still.record.tid)];
  if (found.done) return;
  found.is_python = still.walked.tstate != 0 || still.walked.stack_state != STACK_NONE;
  found.thread.ident = still.record.thread_pointer;
  found.thread.name =
      std::string(still.record.comm, strnlen(still.record.comm, sizeof(still.record.comm)));
  if (still.walked.stack_state == STACK_TORN) {
    found.thread.unread = "its frames make no sense";
    return;
  }
  found.thread.running = false;
  found.thread.waits_for = std::string(NameOf(still.reason));
  found.thread.holds_gil = still.walked.holds_gil;
  RawStack raw;
  raw.python = still.walked.frames;
  raw.state = still.walked.stack_state;
  found.thread.stack = Symbolized(raw);
  found.thread.unread.clear();
  found.done = true;
}

absl::StatusOr<bool> Dumper::Pass() {
  session_->ConsumeSamples([this](absl::string_view record) { OnRecord(record); });
  auto reports = iterator_->Read({&pid_, 1});
  if (!reports.ok()) return reports.status();
  std::vector<StillReader::Wanted> wanted;
  std::map<pid_t, Found> alive;
  bool complete = true;
  for (const ThreadReport& report : *reports) {
    if (report.record.incarnation != process_->key.incarnation) continue;
    const auto tid = static_cast<pid_t>(report.record.tid);
    Found& found = alive[tid] = std::move(found_[tid]);
    if (found.done) continue;
    complete = false;
    if (report.on_cpu()) {
      found.thread.unread = "it ran whenever it was looked at, and no sample fell into it";
    } else {
      found.thread.unread = "it did not stand still while its stack was read";
      wanted.push_back({&report, 0});
    }
  }
  found_ = std::move(alive);  // those that have ended are not there now
  std::vector<StillThread> still;
  unreadable_ = reader_->Read(*process_, wanted, kRounds, &still);
  for (const StillThread& thread : still) OnStill(thread);
  return complete;
}

absl::StatusOr<ThreadDump> Dumper::Dump(absl::Duration patience) {
  const absl::Duration end = SteadyNow() + patience;
  bool sampling = false;
  while (true) {
    auto complete = Pass();
    if (!complete.ok()) return complete.status();
    if (*complete || SteadyNow() >= end) break;
    if (!sampling) {  // somebody runs
      if (absl::Status status = session_->AttachSamplers(); !status.ok()) return status;
      sampling = true;
    }
    absl::SleepFor(kPause);
  }
  session_->DetachSamplers();
  if (found_.empty()) return absl::NotFoundError(absl::StrCat("process ", pid_, " has ended"));
  ThreadDump dump;
  dump.pid = pid_;
  dump.comm = process_->comm;
  dump.command_line = ReadCommandLineWithin(pid_).value_or(std::vector<std::string>());
  dump.python = process_->image->interpreter.version.ToString();
  dump.interpreter = process_->image->path;
  for (auto& [tid, found] : found_) {
    if (!found.is_python) {
      ++dump.other_threads;
      continue;
    }
    found.thread.tid = tid;
    if (!found.done && absl::IsDeadlineExceeded(unreadable_)) {
      found.thread.unread = "a read of the process's memory blocked";
    }
    dump.threads.push_back(std::move(found.thread));
  }
  const auto main = std::find_if(dump.threads.begin(), dump.threads.end(),
                                 [this](const DumpedThread& thread) { return thread.tid == pid_; });
  if (main != dump.threads.end()) std::rotate(dump.threads.begin(), main, main + 1);
  NameThreads(&dump);
  return dump;
}

void Dumper::NameThreads(ThreadDump* dump) {
  TimeBudget early_looks = ThreadLabels::CommonEarlyLooks();
  const ThreadLabels::Source source = {Memory(), &process_->image->interpreter.layout,
                                       process_->interp_head.load(), &early_looks};
  const absl::Duration now = SteadyNow();
  // All are known before the one look.
  for (const DumpedThread& thread : dump->threads) {
    process_->threads.NameOf({thread.tid, thread.ident}, {}, now);
  }
  for (DumpedThread& thread : dump->threads) {
    const auto name = process_->threads.NameOf({thread.tid, thread.ident}, source, now);
    if (!name.text.empty()) thread.name = std::string(name.text);
  }
}

}  // namespace

absl::StatusOr<ThreadDump> DumpThreads(pid_t pid, const DumpOptions& options) {
  Dumper dumper(pid);
  if (absl::Status status = dumper.Open(); !status.ok()) return status;
  return dumper.Dump(options.patience);
}

}  // namespace profd
