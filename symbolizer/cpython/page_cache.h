// One look at a process's memory: pages read once and kept, under a budget.
#ifndef PROFD_SYMBOLIZER_CPYTHON_PAGE_CACHE_H_
#define PROFD_SYMBOLIZER_CPYTHON_PAGE_CACHE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd {

// CPython's small objects of one kind lie side by side, so whole pages answer many reads. What is
// read is as old as the first read of its page: make one for each look. `memory` must outlive it.
// After `deadline` reads fail with kDeadlineExceeded, after `max_bytes` with
// kResourceExhausted. Not thread-safe.
class PageCache : public ProcessMemory {
 public:
  PageCache(ProcessMemory& memory, std::chrono::steady_clock::time_point deadline, size_t max_bytes)
      : memory_(memory), deadline_(deadline), bytes_left_(max_bytes) {}

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  // Reads the pages of these addresses, null ones excepted, in few calls. What fails is left to
  // Read().
  void Prefetch(absl::Span<const uint64_t> addresses);
  // What is asked for again is read again. The budget stays spent.
  void Forget();
  // Start addresses of the pages that answered a read and are still kept, or were when told to
  // forget.
  std::vector<uint64_t> UsedPages() const;

 private:
  static constexpr uint64_t kPageBytes = 4096;  // no kernel has smaller ones
  static constexpr size_t kMaxPages = 2048;     // kept at one time
  struct Page {
    std::array<std::byte, kPageBytes> bytes;
    bool is_used = false;
  };

  absl::Status Spend(size_t bytes);
  absl::StatusOr<Page*> PageAt(uint64_t address);

  ProcessMemory& memory_;
  const std::chrono::steady_clock::time_point deadline_;
  size_t bytes_left_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Page>> pages_;
  absl::flat_hash_set<uint64_t> forgotten_;  // start addresses of used ones
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_PAGE_CACHE_H_
