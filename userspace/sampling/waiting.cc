#include "userspace/sampling/waiting.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "userspace/collector/clock.h"

namespace profd {
namespace {

constexpr size_t kMaxAccounts = 65536;      // threads at a time
constexpr size_t kMaxKeptFrames = 2 << 20;  // 48 MiB; the stacks of further threads are read anew
constexpr size_t kMaxListed = 4;            // processes that are listed one by one
constexpr int kRounds = 8;                  // of reading, per process and tick
constexpr int kUnreadTicks = 20;            // of waiting before a stack is given up

absl::Duration OwnCpuTime() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WaitingSampler>> WaitingSampler::Create(BpfSession* session,
                                                                       Processes* processes,
                                                                       Symbolizer* symbolizer,
                                                                       const Options& options) {
  auto iterator = ThreadIterator::Create(*session);
  if (!iterator.ok()) return iterator.status();
  return std::unique_ptr<WaitingSampler>(
      new WaitingSampler(session, processes, symbolizer, *std::move(iterator), options));
}

WaitingSampler::WaitingSampler(BpfSession* session, Processes* processes, Symbolizer* symbolizer,
                               std::unique_ptr<ThreadIterator> iterator, const Options& options)
    : processes_(processes),
      iterator_(std::move(iterator)),
      reader_(session, symbolizer, iterator_.get()),
      options_(options),
      period_ns_(absl::ToInt64Nanoseconds(options.period)) {}

absl::StatusOr<std::vector<ThreadReport>> WaitingSampler::ListThreads() {
  if (!iterator_->has_processes() || processes_->size() > kMaxListed) return iterator_->ReadAll();
  std::vector<pid_t> pids;
  for (const auto& process : processes_->All()) {
    if (process->selected && !process->ended) pids.push_back(process->key.pid);
  }
  return iterator_->Read(pids);
}

WaitingSampler::Thread* WaitingSampler::Meet(const thread_record& record) {
  const Key key{record.incarnation, record.tid};
  auto found = threads_.find(key);
  if (found != threads_.end() && found->second.start_ns == record.start_ns) {
    found->second.account.Update(record);
  } else {
    if (found == threads_.end() && threads_.size() >= kMaxAccounts) return nullptr;
    auto process = processes_->Find(record.incarnation);
    if (process == nullptr || !process->selected) return nullptr;
    const bool born = last_tick_ns_ != 0 && record.start_ns >= last_tick_ns_;
    Thread thread{std::move(process), record.start_ns, WaitAccount(record, born)};
    if (found != threads_.end()) kept_frames_ -= found->second.walked.frames.size();
    found = threads_.insert_or_assign(key, std::move(thread)).first;
  }
  found->second.tick = stats_.ticks;
  return &found->second;
}

void WaitingSampler::Keep(Thread& thread, StillThread still) {
  // Not found, but not all was searched.
  if (still.walked.tstate == 0 && still.walked.stack_state != STACK_NONE) return;
  kept_frames_ -= thread.walked.frames.size();
  thread.walked = std::move(still.walked);
  kept_frames_ += thread.walked.frames.size();
  thread.state = thread.walked.tstate == 0 ? Thread::kNotPython : Thread::kStill;
  thread.switches = still.record.switches;
  thread.reason = still.reason;
  std::memcpy(thread.comm, still.record.comm, sizeof(thread.comm));
  ++stats_.reads;
  if (kept_frames_ <= kMaxKeptFrames) iterator_->Mark(still.record);
}

void WaitingSampler::Emit(Thread& thread, const thread_record& record, const Sink& sink) {
  const uint32_t ticks = thread.account.Take(record, period_ns_);
  if (thread.state == Thread::kNotPython) return;
  WaitingSample sample;
  sample.process = thread.process;
  // Woken since its stack was read: it still has that stack, and waits for a CPU with it.
  sample.reason = IsReady(record) ? WaitReason::kCpu : thread.reason;
  sample.stack.native_leaf = WaitFunction(sample.reason);
  sample.stack.state = thread.walked.stack_state;
  // A stack that makes no sense though its thread stood still is not shown.
  if (sample.stack.state != STACK_TORN) sample.stack.python = thread.walked.frames;
  sample.holds_gil = thread.walked.holds_gil;
  sample.tid = record.tid;
  sample.thread_id = record.thread_pointer;
  sample.thread_comm = absl::string_view(thread.comm, strnlen(thread.comm, sizeof(thread.comm)));
  sample.time_ns = record.time_ns;
  sample.ticks = ticks;
  ++stats_.samples;
  sink(sample);
}

// Runs again before anybody can prove its stack: the time is kept, without one, for the reason that
// it waits now.
void WaitingSampler::EmitUnread(Thread& thread, const ThreadReport& report, const Sink& sink) {
  const thread_record& record = report.record;
  stats_.unread_ns += static_cast<uint64_t>(thread.account.Owed(record));
  kept_frames_ -= thread.walked.frames.size();
  thread.walked = WalkedThread();
  thread.walked.stack_state = STACK_TORN;
  thread.reason = reader_.ReasonOf(*thread.process, report);
  thread.state = Thread::kUnread;
  std::memcpy(thread.comm, record.comm, sizeof(thread.comm));
  Emit(thread, record, sink);
}

void WaitingSampler::Tick(absl::Duration now, const Sink& sink) {
  if (now < due_) return;
  const absl::Duration cpu_before = OwnCpuTime() + reader_.cpu_used();
  ++stats_.ticks;
  auto reports = ListThreads();
  if (!reports.ok()) {
    ++stats_.failed_ticks;
    due_ = now + std::max(options_.period, absl::Seconds(1));
    return;
  }
  ToRead to_read;
  for (const ThreadReport& report : *reports) {
    Thread* thread = Meet(report.record);
    if (thread == nullptr || report.on_cpu()) continue;
    if (thread->account.Owed(report.record) * 2 < period_ns_) continue;
    if (thread->state != Thread::kUnread && thread->switches == report.record.switches) {
      Emit(*thread, report.record, sink);
    } else {
      to_read[thread->process].push_back({&report, thread->walked.tstate});
    }
  }
  for (auto& [process, wanted] : to_read) {
    std::vector<StillThread> still;
    (void)reader_.Read(*process, wanted, kRounds, &still);  // what is missing is owed
    absl::flat_hash_set<uint32_t> proven;
    for (StillThread& read : still) {
      const thread_record record = read.record;
      Thread& thread = threads_.at({record.incarnation, record.tid});
      proven.insert(record.tid);
      Keep(thread, std::move(read));
      if (thread.account.Owed(record) * 2 >= period_ns_) Emit(thread, record, sink);
      if (kept_frames_ > kMaxKeptFrames) {
        kept_frames_ -= thread.walked.frames.size();
        thread.walked.frames = {};
        thread.state = Thread::kUnread;
      }
    }
    for (const StillReader::Wanted& missing : wanted) {
      const thread_record& record = missing.report->record;
      Thread& thread = threads_.at({record.incarnation, record.tid});
      if (proven.contains(record.tid) || thread.account.Owed(record) < kUnreadTicks * period_ns_) {
        continue;
      }
      EmitUnread(thread, *missing.report, sink);
    }
  }
  ForgetEnded();
  if (!reports->empty()) last_tick_ns_ = reports->front().record.time_ns;
  const absl::Duration cost = OwnCpuTime() + reader_.cpu_used() - cpu_before;
  stats_.cpu += cost;
  // Never in step with a thread whose waits come as often.
  const double step = std::uniform_real_distribution<double>(0.5, 1.5)(random_);
  due_ = std::max(due_ + step * options_.period, now + options_.period / 2);
  due_ = std::max(due_, now + cost / options_.max_cpu_share);
}

void WaitingSampler::ForgetEnded() {
  for (auto next = threads_.begin(); next != threads_.end();) {
    if (next->second.tick == stats_.ticks) {
      ++next;
      continue;
    }
    kept_frames_ -= next->second.walked.frames.size();
    if (next->second.process->ended) reader_.Forget(next->first.first);
    threads_.erase(next++);
  }
}

}  // namespace profd
