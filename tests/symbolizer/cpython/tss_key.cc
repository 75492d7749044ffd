#include "tests/symbolizer/cpython/tss_key.h"

#include <array>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace profd {
namespace {

// glibc 2.34-2.42, nptl/descr.h: struct pthread_key_data specific_1stblock[32], then
// struct pthread_key_data *specific[32].
constexpr uint64_t kGlibcFirstBlock = 0x310;
constexpr uint64_t kGlibcBlocks = 0x510;
constexpr uint32_t kGlibcBlockKeys = 32;
struct GlibcKeyData {
  uint64_t seq;  // odd while the key is in use
  uint64_t data;
};
using GlibcBlock = std::array<GlibcKeyData, kGlibcBlockKeys>;
static_assert(kGlibcFirstBlock + sizeof(GlibcBlock) == kGlibcBlocks);

// musl 1.2, src/internal/pthread_impl.h: void **tsd, PTHREAD_KEYS_MAX entries.
constexpr uint64_t kMuslTsd = 0x80;
constexpr uint32_t kMuslKeys = 128;

template <typename T>
absl::Status ReadArray(ProcessMemory& memory, uint64_t address, T& array) {
  return memory.Read(address,
                     absl::MakeSpan(reinterpret_cast<std::byte*>(array.data()), sizeof(array)));
}

void Collect(const GlibcBlock& block, uint32_t first_key, uint64_t value,
             std::vector<TssKey>& keys) {
  for (uint32_t i = 0; i < block.size(); ++i) {
    if (block[i].data == value && block[i].seq % 2 == 1) {
      keys.push_back({first_key + i, ThreadLibrary::kGlibc});
    }
  }
}

absl::Status CollectGlibc(ProcessMemory& memory, uint64_t thread_pointer, uint64_t value,
                          std::vector<TssKey>& keys) {
  GlibcBlock block;
  absl::Status status = ReadArray(memory, thread_pointer + kGlibcFirstBlock, block);
  if (!status.ok()) return status;
  Collect(block, 0, value, keys);

  std::array<uint64_t, 32> blocks;
  status = ReadArray(memory, thread_pointer + kGlibcBlocks, blocks);
  if (!status.ok()) return status;
  for (uint32_t i = 1; i < blocks.size(); ++i) {  // 0 is the first block
    if (blocks[i] != 0 && ReadArray(memory, blocks[i], block).ok()) {
      Collect(block, i * kGlibcBlockKeys, value, keys);
    }
  }
  return absl::OkStatus();
}

absl::Status CollectMusl(ProcessMemory& memory, uint64_t thread_pointer, uint64_t value,
                         std::vector<TssKey>& keys) {
  absl::StatusOr<uint64_t> tsd = memory.Get<uint64_t>(thread_pointer + kMuslTsd);
  if (!tsd.ok()) return tsd.status();
  std::array<uint64_t, kMuslKeys> slots;
  if (*tsd == 0 || !ReadArray(memory, *tsd, slots).ok()) return absl::OkStatus();
  for (uint32_t key = 0; key < slots.size(); ++key) {
    if (slots[key] == value) keys.push_back({key, ThreadLibrary::kMusl});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TssKey>> KeysHolding(ProcessMemory& memory, uint64_t thread_pointer,
                                                uint64_t value) {
  if (value == 0) return absl::InvalidArgumentError("every empty slot holds 0");
  std::vector<TssKey> keys;
  // A descriptor of musl is shorter than glibc's and may end before an unreadable page.
  absl::Status glibc = CollectGlibc(memory, thread_pointer, value, keys);
  if (!keys.empty()) return keys;
  absl::Status musl = CollectMusl(memory, thread_pointer, value, keys);
  if (!keys.empty() || glibc.ok()) return keys;
  return musl.ok() ? absl::StatusOr<std::vector<TssKey>>(keys) : musl;
}

}  // namespace profd
