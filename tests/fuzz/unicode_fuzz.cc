// Any bytes as character data, and any bytes as the memory that holds a str or bytes. Pitfall 47
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "symbolizer/cpython/layouts.h"
#include "symbolizer/cpython/unicode.h"

namespace {

constexpr size_t kMaxChars = 256;

// The input at address 0.
class InputMemory : public profd::ProcessMemory {
 public:
  InputMemory(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    if (address > size_ || out.size() > size_ - address) return absl::OutOfRangeError("unmapped");
    if (!out.empty()) memcpy(out.data(), data_ + address, out.size());
    return absl::OkStatus();
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// By the table of RFC 3629, section 4.
bool IsUtf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) {
      return static_cast<uint8_t>(at < text.size() ? text[at] : 0);
    };
    const uint8_t lead = byte(i);
    const size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    const uint8_t second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view raw(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!IsUtf8(profd::DecodeUnicode(raw, data[0] & 7, data[0] & 8))) abort();

  static const auto* layouts =
      new std::pair<py_layout, py_layout>(*profd::LayoutForVersion({.major = 3, .minor = 6}),
                                          *profd::LayoutForVersion({.major = 3, .minor = 12}));
  InputMemory memory(data + 1, size - 1);
  for (const py_layout& layout : {layouts->first, layouts->second}) {
    const auto text = profd::ReadUnicode(memory, layout, 0, kMaxChars);
    if (text.ok() && (!IsUtf8(*text) || text->size() > 4 * kMaxChars)) abort();
    const auto bytes = profd::ReadBytes(memory, layout, 0, kMaxChars);
    if (bytes.ok() && bytes->size() > kMaxChars) abort();
  }
  return 0;
}
