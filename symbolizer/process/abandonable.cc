#include "symbolizer/process/abandonable.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace profd {
namespace {

// A thread and its work; the pool's mutex guards all but the condition variables.
struct Worker {
  std::condition_variable called;
  std::condition_variable returned;
  std::function<void()> call;
  bool done = false;
  bool abandoned = false;
  pid_t pid = 0;
};

struct Pool {
  std::mutex mutex;
  int running = 0;
  int abandoned = 0;
  absl::flat_hash_map<pid_t, uid_t> blocked;
  std::vector<std::shared_ptr<Worker>> idle;
};

// Never destroyed: threads that were left behind come back to it.
Pool& CommonPool() {
  static auto* const pool = new Pool;
  return *pool;
}

void Work(Worker& worker) {
  pthread_setname_np(pthread_self(), "may-block");
  Pool& pool = CommonPool();
  std::unique_lock lock(pool.mutex);
  while (!worker.abandoned) {
    worker.called.wait(lock, [&] { return worker.call != nullptr; });
    std::function<void()> call = std::exchange(worker.call, nullptr);
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
    worker.done = true;
    lock.unlock();  // else the caller wakes up only to wait for us
    worker.returned.notify_one();
    lock.lock();
  }
  --pool.running;
  --pool.abandoned;
  pool.blocked.erase(worker.pid);
}

uid_t OwnerOf(pid_t pid) {
  struct stat process;
  return stat(absl::StrCat("/proc/", pid).c_str(), &process) == 0 ? process.st_uid : 0;
}

int BlockedOf(const Pool& pool, uid_t user) {
  return static_cast<int>(
      absl::c_count_if(pool.blocked, [user](const auto& entry) { return entry.second == user; }));
}

// Null when the system has no thread for us.
std::shared_ptr<Worker> StartWorker() {
  auto worker = std::make_shared<Worker>();
  // A signal handler on a blocked thread would never run.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  try {
    std::thread([worker] { Work(*worker); }).detach();
  } catch (const std::system_error&) {
    worker = nullptr;
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return worker;
}

}  // namespace

absl::Status RunAbandonably(pid_t pid, std::function<void()> call, absl::Duration patience) {
  Pool& pool = CommonPool();
  std::unique_lock lock(pool.mutex);
  if (pool.blocked.contains(pid)) {
    return absl::UnavailableError("an earlier call for this process blocks");
  }
  if (!pool.blocked.empty() && BlockedOf(pool, OwnerOf(pid)) >= kMaxAbandonedPerUser) {
    return absl::UnavailableError("too many calls for this user's processes block");
  }
  if (pool.running >= kMaxAbandoned) return absl::UnavailableError("too many calls block");
  std::shared_ptr<Worker> worker;
  if (pool.idle.empty()) {
    worker = StartWorker();
    if (worker == nullptr) return absl::UnavailableError("no thread to be had");
  } else {
    worker = std::move(pool.idle.back());
    pool.idle.pop_back();
  }
  ++pool.running;
  worker->pid = pid;
  worker->done = false;
  worker->call = std::move(call);
  lock.unlock();
  worker->called.notify_one();
  lock.lock();
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  absl::Status status;
  if (!worker->returned.wait_until(lock, until, [&] { return worker->done; })) {
    const bool has_begun = worker->call == nullptr;
    if (has_begun) {
      worker->abandoned = true;
      ++pool.abandoned;
      pool.blocked.emplace(pid, OwnerOf(pid));
      return absl::DeadlineExceededError("a call for this process blocks");
    }
    worker->call = nullptr;
    status = absl::UnavailableError("the thread got no CPU");
  }
  --pool.running;
  pool.idle.push_back(std::move(worker));
  return status;
}

int AbandonedCalls() {
  Pool& pool = CommonPool();
  std::lock_guard lock(pool.mutex);
  return pool.abandoned;
}

}  // namespace profd
