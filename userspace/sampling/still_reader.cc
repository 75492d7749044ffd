#include "userspace/sampling/still_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "userspace/collector/clock.h"
#include "userspace/sampling/learn_code.h"

namespace profd {
namespace {

constexpr size_t kMaxNewCodes = 4096;  // read at one time
constexpr absl::Duration kLockAge = absl::Seconds(1);

}  // namespace

StillReader::StillReader(BpfSession* session, Symbolizer* symbolizer, ThreadIterator* iterator)
    : session_(session),
      symbolizer_(symbolizer),
      iterator_(iterator),
      reasons_([symbolizer](uint64_t address) {
        return symbolizer->KernelFrame(address).function->name;
      }) {}

void StillReader::Forget(uint64_t incarnation) {
  locks_.erase(incarnation);
  unreadable_.erase(incarnation);
}

WaitReason StillReader::ReasonOf(const ThreadReport& report, const py_process& registered,
                                 const py_layout& layout) {
  const thread_record& thread = report.record;
  const WaitReason reason = reasons_.Of(thread, report.kernel);
  if (reason != WaitReason::kLock) return reason;
  const uint64_t futex = thread.syscall_args[0];
  Locks& locks = locks_[thread.incarnation];
  if (IsGilFutex(registered, layout, locks.gils, futex)) return WaitReason::kGil;
  const absl::Duration now = SteadyNow();
  if (now - locks.looked_at < kLockAge) return reason;
  locks.looked_at = now;
  auto gils = walker_.FindGils(static_cast<pid_t>(thread.tgid), static_cast<pid_t>(thread.tid),
                               registered, layout);
  if (gils.ok()) locks.gils = *std::move(gils);
  return IsGilFutex(registered, layout, locks.gils, futex) ? WaitReason::kGil : reason;
}

WaitReason StillReader::ReasonOf(const Process& process, const ThreadReport& report) {
  auto registered = session_->FindProcess(process.key.pid);
  if (!registered.ok() || registered->incarnation != process.key.incarnation ||
      unreadable_.contains(process.key.incarnation)) {
    return reasons_.Of(report.record, report.kernel);
  }
  return ReasonOf(report, *registered, process.image->interpreter.layout);
}

absl::StatusOr<StillReader::Codes> StillReader::ReadNewCodes(
    const Process& process, pid_t tid, absl::Span<const WalkedThread> walked) {
  absl::flat_hash_set<uint64_t> seen;
  std::vector<CodeReference> wanted;
  for (const WalkedThread& thread : walked) {
    for (const py_frame_record& frame : thread.frames) {
      if (frame.tag == 0 || wanted.size() >= kMaxNewCodes || !seen.insert(frame.tag).second)
        continue;
      if (symbolizer_->codes().Find(process.key.incarnation, frame.tag) != nullptr) continue;
      wanted.push_back({frame.code, process.key.incarnation, frame.tag});
    }
  }
  Codes codes;
  if (wanted.empty()) return codes;
  auto read = walker_.ReadCodes(process.key.pid, tid, process.image->interpreter.layout, wanted);
  if (!read.ok()) return read.status();
  for (size_t i = 0; i < wanted.size() && i < read->size(); ++i) {
    if ((*read)[i].ok()) codes.emplace(wanted[i].tag, *std::move((*read)[i]));
  }
  return codes;
}

// The thread stood still while the code objects of its frames were read: they are those of the
// tags.
void StillReader::Learn(const Process& process, const WalkedThread& walked, Codes& codes) {
  for (const py_frame_record& frame : walked.frames) {
    auto code = codes.find(frame.tag);
    if (code == codes.end()) continue;
    LearnCode(process.key.incarnation, frame.tag, std::move(code->second), &symbolizer_->codes(),
              session_);
    codes.erase(code);
  }
}

absl::Status StillReader::Read(Process& process, absl::Span<const Wanted> wanted, int rounds,
                               std::vector<StillThread>* out) {
  if (unreadable_.contains(process.key.incarnation)) {
    return absl::DeadlineExceededError("an earlier read of this process blocked");
  }
  auto registered = session_->FindProcess(process.key.pid);
  if (!registered.ok()) return registered.status();
  if (registered->incarnation != process.key.incarnation) {
    return absl::NotFoundError("the process runs another program now");
  }
  const py_layout& layout = process.image->interpreter.layout;
  const pid_t pid = process.key.pid;
  absl::flat_hash_map<uint32_t, thread_record> latest;
  for (const Wanted& thread : wanted) latest[thread.report->record.tid] = thread.report->record;
  std::vector<Wanted> pending(wanted.begin(), wanted.end());
  for (int round = 0; round < rounds && !pending.empty(); ++round) {
    std::vector<Wanted> batch;
    for (auto next = pending.begin(); next != pending.end() && batch.size() < kBatch;) {
      const auto known = latest.find(next->report->record.tid);
      if (known == latest.end()) {  // it has ended
        next = pending.erase(next);
      } else if ((known->second.flags & THREAD_ON_CPU) != 0) {
        ++next;
      } else {
        batch.push_back(*next);
        next = pending.erase(next);
      }
    }
    if (batch.empty()) break;
    std::vector<RemoteWalker::Thread> threads;
    for (const Wanted& thread : batch) {
      const thread_record& record = latest[thread.report->record.tid];
      threads.push_back({static_cast<pid_t>(record.tid), record.thread_pointer, thread.tstate});
      if ((record.flags & THREAD_MARKED) != 0) iterator_->Unmark(record);  // tell all of it
    }
    auto walked = walker_.Walk(pid, *registered, layout, threads);
    auto codes = walked.ok() ? ReadNewCodes(process, threads.front().tid, *walked)
                             : absl::StatusOr<Codes>(walked.status());
    if (absl::IsDeadlineExceeded(codes.status())) unreadable_.insert(process.key.incarnation);
    if (!codes.ok()) return codes.status();

    auto after = iterator_->Read({&pid, 1});
    if (!after.ok()) return after.status();
    absl::flat_hash_map<uint32_t, const ThreadReport*> now;
    for (const ThreadReport& report : *after) {
      if (report.record.incarnation == process.key.incarnation) now[report.record.tid] = &report;
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto found = now.find(batch[i].report->record.tid);
      if (found == now.end()) continue;
      const ThreadReport& report = *found->second;
      if (!StoodStill(latest[report.record.tid], report.record)) {
        pending.push_back(batch[i]);
        continue;
      }
      Learn(process, (*walked)[i], *codes);
      out->push_back(
          {report.record, ReasonOf(report, *registered, layout), std::move((*walked)[i])});
    }
    latest.clear();
    for (const auto& [tid, report] : now) latest[tid] = report->record;
  }
  return absl::OkStatus();
}

}  // namespace profd
