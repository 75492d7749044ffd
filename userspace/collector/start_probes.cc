#include "userspace/collector/start_probes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "userspace/text/log_value.h"

namespace profd {

StartProbes::StartProbes(BpfSession* session, Listener listener)
    : session_(session), listener_(std::move(listener)) {}

StartProbes::~StartProbes() {
  {
    std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StartProbes::PutOn(std::shared_ptr<Image> image) {
  if (!session_->can_probe_starts()) return listener_.on(*image, 0);
  {
    std::scoped_lock lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    image->probes = ProbeState::kWanted;
    queue_.push_back(std::move(image));
  }
  changed_.notify_all();
}

void StartProbes::TakeOff(std::shared_ptr<Image> image, bool first) {
  {
    std::scoped_lock lock(mutex_);
    const ProbeState before = image->probes;
    if (before == ProbeState::kNone || before == ProbeState::kUnwanted) return;
    if (before == ProbeState::kWanted) {
      const bool waits = std::erase(queue_, image) > 0;
      // Else it is being put on, and the thread sees to it.
      image->probes = waits ? ProbeState::kNone : ProbeState::kUnwanted;
      return;
    }
    image->probes = ProbeState::kUnwanted;
    if (first) {
      queue_.push_front(std::move(image));
    } else {
      queue_.push_back(std::move(image));
    }
  }
  changed_.notify_all();
}

void StartProbes::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

void StartProbes::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) break;
    const std::shared_ptr<Image> image = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    Settle(*image);
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
  lock.unlock();
  links_.clear();
}

std::vector<Link> StartProbes::Attach(const Image& image) {
  std::vector<Link> links;
  auto identity = IdentityOf(image.file.get());
  const bool same = identity.ok() && (*identity == image.identity || image.file_deleted());
  if (!same) return links;
  for (const StartFunction& function : image.start_functions) {
    auto link = session_->AttachStartProbe(image.file.get(), function.file_offset,
                                           function.linked_address, image.index);
    if (link.ok()) {
      links.push_back(*std::move(link));
    } else {
      spdlog::debug("interpreter={} probe_error={}", LogValue(image.path),
                    LogValue(link.status().message()));
    }
  }
  return links;
}

void StartProbes::Settle(Image& image) {
  if (image.probes == ProbeState::kWanted) {
    std::vector<Link> links = Attach(image);
    const size_t count = links.size();
    if (count > 0) links_[&image] = std::move(links);
    bool wanted;
    {
      std::scoped_lock lock(mutex_);
      wanted = image.probes == ProbeState::kWanted;
      if (wanted) image.probes = count > 0 ? ProbeState::kOn : ProbeState::kNone;
    }
    listener_.on(image, count);
    if (wanted) return;
  }
  links_.erase(&image);
  {
    std::scoped_lock lock(mutex_);
    image.probes = ProbeState::kNone;
  }
  listener_.off(image);
}

}  // namespace profd
