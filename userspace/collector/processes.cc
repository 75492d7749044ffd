#include "userspace/collector/processes.h"

#include <utility>

namespace profd {

void Processes::Add(std::shared_ptr<Process> process) {
  std::scoped_lock lock(mutex_);
  auto [at, added] = processes_.try_emplace(process->key.incarnation, process);
  if (added) ++process->image->processes;
}

std::shared_ptr<Process> Processes::Find(uint64_t incarnation) const {
  std::scoped_lock lock(mutex_);
  auto process = processes_.find(incarnation);
  return process == processes_.end() ? nullptr : process->second;
}

void Processes::Remove(uint64_t incarnation) {
  std::scoped_lock lock(mutex_);
  auto process = processes_.find(incarnation);
  if (process == processes_.end()) return;
  --process->second->image->processes;
  processes_.erase(process);
}

std::vector<std::shared_ptr<Process>> Processes::All() const {
  std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Process>> all;
  all.reserve(processes_.size());
  for (const auto& [incarnation, process] : processes_) all.push_back(process);
  return all;
}

size_t Processes::size() const {
  std::scoped_lock lock(mutex_);
  return processes_.size();
}

}  // namespace profd
