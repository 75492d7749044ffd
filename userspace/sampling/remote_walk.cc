#include "userspace/sampling/remote_walk.h"

#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "symbolizer/code_reader.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/process/abandonable.h"
#include "symbolizer/process/direct_memory.h"
#include "userspace/sampling/native_walk.h"

namespace profd {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr size_t kMaxLineTables = 32 << 20;  // bytes of one ReadCodes()

thread_local pid_t reading_tid = 0;

absl::Duration ThreadCpuTime() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

}  // namespace

struct RemoteWalker::Scratch {
  native_walker* walker = native_walker_new();
  ~Scratch() { native_walker_free(walker); }
};

RemoteWalker::RemoteWalker() = default;
RemoteWalker::~RemoteWalker() = default;

absl::Status RemoteWalker::Run(pid_t pid, std::function<void()> work) {
  auto used = std::make_shared<absl::Duration>();
  auto measured = [used, work = std::move(work)] {
    const absl::Duration before = ThreadCpuTime();
    work();
    *used = ThreadCpuTime() - before;
  };
  absl::Status status = RunAbandonably(pid, std::move(measured), kPatience);
  if (status.ok()) cpu_used_ += *used;
  return status;
}

absl::StatusOr<std::vector<WalkedThread>> RemoteWalker::Walk(pid_t pid, const py_process& process,
                                                             const py_layout& layout,
                                                             const std::vector<Thread>& threads) {
  if (scratch_ == nullptr) scratch_ = std::make_shared<Scratch>();
  if (scratch_->walker == nullptr) return absl::ResourceExhaustedError("no memory to read with");
  auto walked = std::make_shared<std::vector<WalkedThread>>(threads.size());
  auto work = [scratch = scratch_, process = py_process(process), layout, threads,
               walked]() mutable {
    for (size_t i = 0; i < threads.size(); ++i) {
      native_thread thread = {};
      thread.layout = &layout;
      thread.process = &process;
      thread.thread_pointer = threads[i].thread_pointer;
      thread.tstate = threads[i].tstate;
      reading_tid = threads[i].tid;
      native_walk_thread(scratch->walker, &thread);
      WalkedThread& out = (*walked)[i];
      out.tstate = thread.tstate;
      out.stack_state = thread.stack_state;
      out.tstate_source = thread.tstate_source;
      out.holds_gil = thread.holds_gil != 0;
      out.frames.assign(thread.frames, thread.frames + thread.frame_count);
    }
  };
  if (absl::Status status = Run(pid, std::move(work)); !status.ok()) {
    scratch_ = nullptr;  // the one left behind has it
    return status;
  }
  return std::move(*walked);
}

absl::StatusOr<std::vector<absl::StatusOr<CodeDescription>>> RemoteWalker::ReadCodes(
    pid_t pid, pid_t tid, const py_layout& layout, const std::vector<CodeReference>& wanted) {
  auto codes = std::make_shared<std::vector<absl::StatusOr<CodeDescription>>>();
  auto work = [tid, layout, wanted, codes] {
    DirectMemory memory(tid);
    size_t bytes = 0;
    for (const CodeReference& code : wanted) {
      if (bytes >= kMaxLineTables) break;
      codes->push_back(ReadCode(memory, layout, code));
      const auto& read = codes->back();
      if (read.ok() && read->line_table.has_value()) bytes += read->line_table->size();
    }
  };
  if (absl::Status status = Run(pid, std::move(work)); !status.ok()) return status;
  return std::move(*codes);
}

absl::StatusOr<std::vector<uint64_t>> RemoteWalker::FindGils(pid_t pid, pid_t tid,
                                                             const py_process& process,
                                                             const py_layout& layout) {
  auto gils = std::make_shared<std::vector<uint64_t>>();
  if (!Has(layout, PY_INTERP_GIL_HOLDER) || !Has(layout, PY_INTERP_NEXT)) return *gils;
  auto work = [tid, head = process.interp_head, layout, gils] {
    DirectMemory memory(tid);
    auto interpreter = memory.Get<uint64_t>(head);
    for (int i = 0; i < kMaxLocks && interpreter.ok() && *interpreter != 0; ++i) {
      gils->push_back(*interpreter + layout.offset[PY_INTERP_GIL_HOLDER]);
      interpreter = memory.Get<uint64_t>(*interpreter + layout.offset[PY_INTERP_NEXT]);
    }
  };
  if (absl::Status status = Run(pid, std::move(work)); !status.ok()) return status;
  return std::move(*gils);
}

}  // namespace profd

extern "C" long bpf_probe_read_user(void* destination, uint32_t bytes, const void* address) {
  const auto from = reinterpret_cast<uint64_t>(address);
  const auto out = absl::MakeSpan(static_cast<std::byte*>(destination), bytes);
  if (profd::ReadBytes(profd::reading_tid, from, out) == 0) return 0;
  std::memset(destination, 0, bytes);
  return -EFAULT;
}
