#include "userspace/collector/mmap_events.h"

#include <linux/perf_event.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/collector/cpus.h"

namespace profd {
namespace {

constexpr size_t kDataPages = 16;  // a power of two, as the kernel demands

// PERF_RECORD_MMAP2 (linux/perf_event.h), without its header and name.
struct Mmap2 {
  uint32_t pid, tid;
  uint64_t addr, len, pgoff;
  uint32_t major, minor;
  uint64_t inode, inode_generation;
  uint32_t prot, flags;
};

size_t PageBytes() {
  static const size_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

}  // namespace

class MmapEvents::Ring {
 public:
  static absl::StatusOr<std::unique_ptr<Ring>> Open(int cpu) {
    perf_event_attr attr = {};
    attr.type = PERF_TYPE_SOFTWARE;
    attr.size = sizeof(attr);
    attr.config = PERF_COUNT_SW_DUMMY;
    attr.mmap = 1;
    attr.mmap2 = 1;
    attr.watermark = 1;
    attr.wakeup_watermark = 1;
    attr.exclude_kernel = 1;
    Descriptor event(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
    if (!event.valid()) {
      return absl::ErrnoToStatus(errno, absl::StrCat("perf_event_open on CPU ", cpu));
    }
    void* memory = mmap(nullptr, (1 + kDataPages) * PageBytes(), PROT_READ | PROT_WRITE, MAP_SHARED,
                        event.get(), 0);
    if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mapping a perf buffer");
    return std::unique_ptr<Ring>(new Ring(cpu, std::move(event), memory));
  }
  ~Ring() { munmap(memory_, (1 + kDataPages) * PageBytes()); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  int cpu() const { return cpu_; }
  int event() const { return event_.get(); }
  // Returns how many records had no room.
  uint64_t Consume(const std::function<void(const MmapEvent&)>& handler);

 private:
  Ring(int cpu, Descriptor event, void* memory)
      : cpu_(cpu), event_(std::move(event)), memory_(memory) {}

  const int cpu_;
  const Descriptor event_;
  void* const memory_;
};

MmapEvents::MmapEvents() = default;
MmapEvents::~MmapEvents() = default;

absl::StatusOr<std::unique_ptr<MmapEvents>> MmapEvents::Create() {
  auto events = std::unique_ptr<MmapEvents>(new MmapEvents);
  if (absl::Status status = events->RefreshCpus(); !status.ok()) return status;
  return events;
}

absl::Status MmapEvents::RefreshCpus() {
  return FollowOnlineCpus(
      rings_, [](const std::unique_ptr<Ring>& ring) { return ring->cpu(); },
      [](const std::unique_ptr<Ring>&) {},
      [this](int cpu) {
        auto ring = Ring::Open(cpu);
        if (!ring.ok()) return ring.status();
        rings_.push_back(*std::move(ring));
        return absl::OkStatus();
      });
}

void MmapEvents::Wait(absl::Duration timeout, absl::Span<const int> others) {
  std::vector<pollfd> polled;
  polled.reserve(rings_.size() + others.size());
  for (const auto& ring : rings_) polled.push_back({ring->event(), POLLIN, 0});
  for (const int other : others) polled.push_back({other, POLLIN, 0});
  poll(polled.data(), polled.size(), static_cast<int>(absl::ToInt64Milliseconds(timeout)));
}

void MmapEvents::Consume(const std::function<void(const MmapEvent&)>& handler) {
  for (const auto& ring : rings_) lost_ += ring->Consume(handler);
}

uint64_t MmapEvents::Ring::Consume(const std::function<void(const MmapEvent&)>& handler) {
  uint64_t lost = 0;
  auto* page = static_cast<perf_event_mmap_page*>(memory_);
  const char* data = static_cast<const char*>(memory_) + PageBytes();
  const size_t size = kDataPages * PageBytes();
  const uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
  uint64_t tail = page->data_tail;
  std::string record;
  while (tail + sizeof(perf_event_header) <= head) {
    auto copy = [&](uint64_t from, void* to, size_t bytes) {
      const size_t at = from % size;
      const size_t first = std::min(bytes, size - at);
      std::memcpy(to, data + at, first);
      std::memcpy(static_cast<char*>(to) + first, data, bytes - first);
    };
    perf_event_header header;
    copy(tail, &header, sizeof(header));
    if (header.size < sizeof(header) || tail + header.size > head) break;
    record.resize(header.size - sizeof(header));
    copy(tail + sizeof(header), record.data(), record.size());
    tail += header.size;
    if (header.type == PERF_RECORD_LOST && record.size() >= 16) {
      uint64_t count;
      std::memcpy(&count, record.data() + 8, sizeof(count));
      lost += count;
    }
    if (header.type != PERF_RECORD_MMAP2 || record.size() < sizeof(Mmap2)) continue;
    Mmap2 raw;
    std::memcpy(&raw, record.data(), sizeof(raw));
    MmapEvent event;
    event.pid = raw.pid;
    event.inode_generation = raw.inode_generation;
    event.mapping.start = raw.addr;
    event.mapping.end = raw.addr + raw.len;
    event.mapping.offset = raw.pgoff;
    event.mapping.device = makedev(raw.major, raw.minor);
    event.mapping.inode = raw.inode;
    event.mapping.readable = (raw.prot & PROT_READ) != 0;
    event.mapping.writable = (raw.prot & PROT_WRITE) != 0;
    event.mapping.executable = (raw.prot & PROT_EXEC) != 0;
    record.push_back('\0');
    event.mapping.path = record.c_str() + sizeof(Mmap2);
    handler(event);
  }
  __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
  return lost;
}

}  // namespace profd
