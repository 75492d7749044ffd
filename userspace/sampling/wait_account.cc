#include "userspace/sampling/wait_account.h"

#include <algorithm>
#include <utility>

namespace profd {
namespace {

constexpr int64_t kMaxOwed = 10'000'000'000;

void Add(int64_t ns, int64_t* account) {
  *account = std::clamp(*account + ns, -kMaxOwed, kMaxOwed);
}

}  // namespace

WaitAccount::WaitAccount(const thread_record& first, bool since_birth)
    : seen_ns_(since_birth ? first.start_ns : first.time_ns) {
  if (!since_birth) {
    exec_ns_ = first.exec_ns;
    delay_ns_ = first.delay_ns;
    has_old_delay_ = IsReady(first);
  }
  Update(first);
}

void WaitAccount::Update(const thread_record& thread) {
  const auto waited =
      static_cast<int64_t>((thread.time_ns - seen_ns_) - (thread.exec_ns - exec_ns_));
  const auto delay = static_cast<int64_t>(thread.delay_ns - delay_ns_);
  const bool is_ready = IsReady(thread);
  int64_t ready = 0;
  if (delay != 0) {
    ready = delay - std::exchange(told_ns_, 0);
    if (std::exchange(has_old_delay_, false)) ready = std::min(ready, waited);
  } else if (is_ready && was_ready_ && thread.switches == switches_) {
    ready = waited;
    told_ns_ += waited;
  }
  Add(ready, &ready_ns_);
  Add(waited - ready, &blocked_ns_);
  seen_ns_ = thread.time_ns;
  exec_ns_ = thread.exec_ns;
  delay_ns_ = thread.delay_ns;
  switches_ = thread.switches;
  was_ready_ = is_ready;
}

uint32_t WaitAccount::Take(const thread_record& thread, int64_t period_ns) {
  int64_t* account = IsReady(thread) ? &ready_ns_ : &blocked_ns_;
  const int64_t periods = std::max<int64_t>(1, (*account + period_ns / 2) / period_ns);
  Add(-periods * period_ns, account);
  return static_cast<uint32_t>(periods);
}

}  // namespace profd
