// The memory that natively compiled walkers read: made up, or recorded from a live process.
#ifndef PROFD_TESTS_BPF_FAKE_TARGET_H_
#define PROFD_TESTS_BPF_FAKE_TARGET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd::testing {

// Pages that are there or not, as a process has them. While it lives it is what
// bpf_probe_read_user() reads on this thread.
class FakeTarget : public ProcessMemory {
 public:
  static constexpr uint64_t kPageBytes = 4096;
  using Page = std::array<std::byte, kPageBytes>;

  FakeTarget();
  ~FakeTarget() override;
  FakeTarget(const FakeTarget&) = delete;
  FakeTarget& operator=(const FakeTarget&) = delete;

  // Makes the pages in between; the rest of a new page holds `fill`.
  void Write(uint64_t address, absl::string_view bytes);
  template <typename T>
  void Put(uint64_t address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Write(address, absl::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  }
  void RemovePage(uint64_t address) { pages_.erase(address / kPageBytes); }
  void set_fill(std::byte fill) { fill_ = fill; }

  // Pages that are missing are taken from `source` and kept. Null ends the recording.
  void RecordFrom(ProcessMemory* source) { source_ = source; }

  // The walkers' read with this number, counted from 0 at the last ResetReads(), fails; -1: none.
  void FailRead(int number) { failing_ = number; }
  void ResetReads() { reads_.clear(); }
  struct ReadCall {
    uint64_t address;
    uint64_t bytes;
  };
  const std::vector<ReadCall>& reads() const { return reads_; }

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override;
  long ProbeRead(void* destination, uint32_t bytes, uint64_t address);

 private:
  Page* Find(uint64_t number);

  absl::flat_hash_map<uint64_t, Page> pages_;
  std::byte fill_{0};
  ProcessMemory* source_ = nullptr;
  int failing_ = -1;
  std::vector<ReadCall> reads_;
  FakeTarget* outer_;
};

}  // namespace profd::testing

#endif  // PROFD_TESTS_BPF_FAKE_TARGET_H_
