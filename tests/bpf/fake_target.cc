#include "tests/bpf/fake_target.h"

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"

namespace profd::testing {
namespace {
thread_local FakeTarget* current = nullptr;
}  // namespace

FakeTarget::FakeTarget() : outer_(current) { current = this; }
FakeTarget::~FakeTarget() { current = outer_; }

void FakeTarget::Write(uint64_t address, absl::string_view bytes) {
  for (char c : bytes) {
    auto [page, made] = pages_.try_emplace(address / kPageBytes);
    if (made) page->second.fill(fill_);
    page->second[address++ % kPageBytes] = static_cast<std::byte>(c);
  }
}

FakeTarget::Page* FakeTarget::Find(uint64_t number) {
  auto found = pages_.find(number);
  if (found != pages_.end()) return &found->second;
  if (source_ == nullptr) return nullptr;
  Page page;
  if (!source_->Read(number * kPageBytes, absl::MakeSpan(page)).ok()) return nullptr;
  return &pages_.emplace(number, page).first->second;
}

absl::Status FakeTarget::Read(uint64_t address, absl::Span<std::byte> out) {
  for (size_t done = 0; done < out.size();) {
    const Page* page = Find((address + done) / kPageBytes);
    if (page == nullptr) return absl::OutOfRangeError("not mapped");
    const size_t offset = (address + done) % kPageBytes;
    const size_t bytes = std::min(out.size() - done, page->size() - offset);
    std::memcpy(out.data() + done, page->data() + offset, bytes);
    done += bytes;
  }
  return absl::OkStatus();
}

long FakeTarget::ProbeRead(void* destination, uint32_t bytes, uint64_t address) {
  constexpr long kFault = -14;  // -EFAULT
  const bool injected = static_cast<int>(reads_.size()) == failing_;
  reads_.push_back({address, bytes});
  const absl::Span<std::byte> out(static_cast<std::byte*>(destination), bytes);
  const bool fails = injected || !Read(address, out).ok();
  if (fails) std::memset(destination, 0, bytes);
  return fails ? kFault : 0;
}

}  // namespace profd::testing

extern "C" long bpf_probe_read_user(void* destination, uint32_t bytes, const void* address) {
  if (profd::testing::current == nullptr) abort();
  return profd::testing::current->ProbeRead(destination, bytes,
                                            reinterpret_cast<uint64_t>(address));
}
