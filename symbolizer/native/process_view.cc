#include "symbolizer/native/process_view.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "symbolizer/process/within.h"

namespace profd {
namespace {

// A library can be unmapped and another mapped in its place without an address being missed.
constexpr std::chrono::steady_clock::duration kMaxAge = std::chrono::minutes(1);
constexpr std::chrono::steady_clock::duration kFirstPause = std::chrono::milliseconds(10);
constexpr int kReadingShare = 5;  // at most so small a part of the time is spent reading,
constexpr std::chrono::steady_clock::duration kSlowRead =
    std::chrono::milliseconds(20);  // where it is slow

auto Key(const Mapping& m) {
  return std::tie(m.start, m.end, m.offset, m.device, m.inode, m.deleted, m.path);
}

}  // namespace

ProcessView::ProcessView(pid_t pid) : pid_(pid), start_time_(StartTimeTicks(pid)) {}

bool ProcessView::StillSameProcess() const {
  const auto now = StartTimeTicks(pid_);
  return now.ok() && start_time_.ok() && *now == *start_time_;
}

ExecutableRange* ProcessView::Covering(uint64_t address) {
  auto next = std::upper_bound(
      ranges_.begin(), ranges_.end(), address,
      [](uint64_t a, const ExecutableRange& range) { return a < range.mapping.start; });
  if (next == ranges_.begin()) return nullptr;
  ExecutableRange& range = *--next;
  return address < range.mapping.end ? &range : nullptr;
}

ExecutableRange* ProcessView::Find(uint64_t address, std::chrono::steady_clock::duration interval) {
  const auto now = std::chrono::steady_clock::now();
  const bool never = read_at_ == std::chrono::steady_clock::time_point();
  ExecutableRange* range = never ? nullptr : Covering(address);
  const bool missed = range == nullptr;
  const auto pause = missed ? std::max(std::min(interval, pause_), rest_) : kMaxAge;
  if (!never && now - read_at_ < pause) return range;
  if (!missed) RetryFiles();
  Refresh();
  range = Covering(address);
  read_at_ = std::chrono::steady_clock::now();
  pause_ = range != nullptr ? kFirstPause : std::min(std::max(pause_, kFirstPause) * 2, kMaxAge);
  const auto taken = read_at_ - now;
  rest_ = taken < kSlowRead ? decltype(taken)::zero() : taken * kReadingShare;
  return range;
}

void ProcessView::RetryFiles() {
  for (ExecutableRange& range : ranges_) {
    if (range.state == ExecutableRange::State::kOpaque) {
      range.state = ExecutableRange::State::kUnopened;
    }
  }
}

void ProcessView::Refresh() {
  auto mappings = ReadMappingsWithin(pid_);
  // What was mapped stays known when the process ends: its last samples are yet to be named.
  if (!mappings.ok() || mappings->empty() || !StillSameProcess()) return;
  std::vector<ExecutableRange> ranges;
  for (Mapping& mapping : *mappings) {
    if (!mapping.executable || mapping.end <= mapping.start) continue;
    ExecutableRange* known = Covering(mapping.start);
    if (known != nullptr && Key(known->mapping) == Key(mapping)) {
      ranges.push_back(std::move(*known));
    } else {
      ranges.push_back({.mapping = std::move(mapping)});
    }
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.mapping.start < b.mapping.start; });
  ranges.shrink_to_fit();
  ranges_ = std::move(ranges);
}

absl::StatusOr<std::unique_ptr<ElfFile>> ProcessView::Open(const ExecutableRange& range,
                                                           FileIdentity* identity) const {
  auto file = OnlyReadable(OpenMappedFileWithin(pid_, range.mapping));
  if (!file.ok()) return file.status();
  if (!StillSameProcess()) return absl::NotFoundError("the process has gone");
  *identity = file->identity;
  return ElfFile::FromDescriptor(file->file.Release());
}

size_t ProcessView::bytes() const {
  size_t bytes = sizeof(*this) + perf_map_.bytes() + ranges_.capacity() * sizeof(ExecutableRange);
  for (const ExecutableRange& range : ranges_) {
    bytes += range.mapping.path.capacity();
    if (range.opaque != nullptr) bytes += FunctionBytes(*range.opaque);
  }
  return bytes;
}

}  // namespace profd
