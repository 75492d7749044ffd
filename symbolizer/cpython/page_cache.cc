#include "symbolizer/cpython/page_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/status/statusor.h"

namespace profd {

absl::Status PageCache::Spend(size_t bytes) {
  if (std::chrono::steady_clock::now() > deadline_) {
    return absl::DeadlineExceededError("the look has no time left");
  }
  if (bytes > bytes_left_) return absl::ResourceExhaustedError("the look has no bytes left");
  bytes_left_ -= bytes;
  return absl::OkStatus();
}

absl::StatusOr<PageCache::Page*> PageCache::PageAt(uint64_t address) {
  if (const auto found = pages_.find(address); found != pages_.end()) return found->second.get();
  if (absl::Status status = Spend(kPageBytes); !status.ok()) return status;
  auto page = std::make_unique<Page>();
  if (absl::Status status = memory_.Read(address, absl::MakeSpan(page->bytes)); !status.ok()) {
    return status;
  }
  if (pages_.size() >= kMaxPages) pages_.clear();
  return pages_.emplace(address, std::move(page)).first->second.get();
}

absl::Status PageCache::Read(uint64_t address, absl::Span<std::byte> out) {
  if (out.empty()) return absl::OkStatus();
  if (address > std::numeric_limits<uint64_t>::max() - out.size()) {
    return absl::OutOfRangeError("address out of range");
  }
  const uint64_t first_page = address & ~(kPageBytes - 1);
  const uint64_t last_page = (address + out.size() - 1) & ~(kPageBytes - 1);
  if (last_page - first_page > kPageBytes) {
    if (absl::Status status = Spend(out.size()); !status.ok()) return status;
    return memory_.Read(address, out);
  }
  while (!out.empty()) {
    const uint64_t offset = address & (kPageBytes - 1);
    const absl::StatusOr<Page*> page = PageAt(address - offset);
    if (!page.ok()) return page.status();
    (*page)->is_used = true;
    const size_t count = std::min<uint64_t>(out.size(), kPageBytes - offset);
    memcpy(out.data(), (*page)->bytes.data() + offset, count);
    address += count;
    out.remove_prefix(count);
  }
  return absl::OkStatus();
}

void PageCache::Prefetch(absl::Span<const uint64_t> addresses) {
  constexpr size_t kPagesPerCall = 32;
  absl::flat_hash_set<uint64_t> wanted;
  for (uint64_t address : addresses) {
    const uint64_t page = address & ~(kPageBytes - 1);
    if (page != 0 && !pages_.contains(page) && wanted.size() < kMaxPages) wanted.insert(page);
  }
  std::vector<uint64_t> starts(wanted.begin(), wanted.end());
  if (pages_.size() + starts.size() > kMaxPages) pages_.clear();
  for (size_t done = 0; done < starts.size(); done += kPagesPerCall) {
    const size_t count = std::min(kPagesPerCall, starts.size() - done);
    if (!Spend(count * kPageBytes).ok()) return;
    std::vector<std::unique_ptr<Page>> pages(count);
    std::vector<Piece> pieces(count);
    for (size_t i = 0; i < count; ++i) {
      pages[i] = std::make_unique<Page>();
      pieces[i] = {.address = starts[done + i], .out = absl::MakeSpan(pages[i]->bytes)};
    }
    const std::vector<absl::Status> results = memory_.ReadEach(pieces);
    for (size_t i = 0; i < count && i < results.size(); ++i) {
      if (results[i].ok()) pages_.insert_or_assign(starts[done + i], std::move(pages[i]));
    }
  }
}

void PageCache::Forget() {
  for (const auto& [start, page] : pages_) {
    if (page->is_used) forgotten_.insert(start);
  }
  pages_.clear();
}

std::vector<uint64_t> PageCache::UsedPages() const {
  absl::flat_hash_set<uint64_t> used = forgotten_;
  for (const auto& [start, page] : pages_) {
    if (page->is_used) used.insert(start);
  }
  return {used.begin(), used.end()};
}

}  // namespace profd
