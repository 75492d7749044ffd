// A process's memory that a test makes up.
#ifndef PROFD_TESTS_SYMBOLIZER_PROCESS_FAKE_MEMORY_H_
#define PROFD_TESTS_SYMBOLIZER_PROCESS_FAKE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "symbolizer/process/memory.h"

namespace profd {

// Byte for byte: what was never written is unreadable, as an unmapped page.
class FakeMemory : public ProcessMemory {
 public:
  void Write(uint64_t address, absl::string_view bytes) {
    for (char c : bytes) bytes_[address++] = static_cast<std::byte>(c);
  }
  template <typename T>
  void Put(uint64_t address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Write(address, absl::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  }
  void Erase(uint64_t address, uint64_t bytes) {
    bytes_.erase(bytes_.lower_bound(address), bytes_.lower_bound(address + bytes));
  }
  // From now on every read fails with `status`; OK ends that.
  void FailWith(absl::Status status) { failure_ = std::move(status); }
  int reads() const { return reads_; }

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    ++reads_;
    if (!failure_.ok()) return failure_;
    auto next = bytes_.find(address);
    for (std::byte& to : out) {
      if (next == bytes_.end() || next->first != address) {
        return absl::OutOfRangeError(absl::StrCat("nothing at 0x", absl::Hex(address)));
      }
      to = next++->second;
      ++address;
    }
    return absl::OkStatus();
  }

 private:
  std::map<uint64_t, std::byte> bytes_;
  absl::Status failure_;
  int reads_ = 0;
};

}  // namespace profd

#endif  // PROFD_TESTS_SYMBOLIZER_PROCESS_FAKE_MEMORY_H_
