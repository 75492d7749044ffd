#include "symbolizer/cpython/tss_key.h"

#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

#include <map>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace profd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OwnMemory : public ProcessMemory {
 public:
  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    iovec local{out.data(), out.size()};
    iovec remote{reinterpret_cast<void*>(address), out.size()};
    const ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return n == static_cast<ssize_t>(out.size()) ? absl::OkStatus() : absl::OutOfRangeError("");
  }
};

class PthreadKeys {
 public:
  explicit PthreadKeys(size_t count) : keys_(count) {
    for (pthread_key_t& key : keys_) EXPECT_EQ(pthread_key_create(&key, nullptr), 0);
  }
  ~PthreadKeys() {
    for (pthread_key_t key : keys_) pthread_key_delete(key);
  }
  pthread_key_t operator[](size_t i) const { return keys_[i]; }

 private:
  std::vector<pthread_key_t> keys_;
};

uint64_t Self() { return reinterpret_cast<uint64_t>(pthread_self()); }

TEST(KeysHolding, FindsKeysOfTheFirstAndOfLaterBlocks) {
  PthreadKeys keys(200);
  int value = 0;
  const auto address = reinterpret_cast<uint64_t>(&value);
  OwnMemory memory;
  for (size_t i : {size_t{3}, size_t{40}, size_t{199}}) {
    pthread_setspecific(keys[i], &value);
    auto found = KeysHolding(memory, Self(), address);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_THAT(*found, ElementsAre(TssKey{keys[i], ThreadLibrary::kGlibc}));
    pthread_setspecific(keys[i], nullptr);
  }
}

TEST(KeysHolding, LooksAtTheThreadItWasGiven) {
  PthreadKeys keys(1);
  int value = 0;
  pthread_setspecific(keys[0], &value);
  OwnMemory memory;
  std::thread([&] {
    auto found = KeysHolding(memory, Self(), reinterpret_cast<uint64_t>(&value));
    ASSERT_TRUE(found.ok());
    EXPECT_THAT(*found, IsEmpty());
  }).join();
}

TEST(KeysHolding, RefusesNull) {
  OwnMemory memory;
  EXPECT_EQ(KeysHolding(memory, Self(), 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(KeysHolding, FailsWhereTheThreadHasNoMemory) {
  OwnMemory memory;
  EXPECT_EQ(KeysHolding(memory, 4096, 1).status().code(), absl::StatusCode::kOutOfRange);
}

// Bytes at chosen addresses, all else unreadable.
class SparseMemory : public ProcessMemory {
 public:
  std::map<uint64_t, uint64_t> words;
  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    for (size_t at = 0; at < out.size(); at += 8) {
      auto word = words.find(address + at);
      if (word == words.end()) return absl::OutOfRangeError("");
      std::memcpy(out.data() + at, &word->second, 8);
    }
    return absl::OkStatus();
  }
};

// Pitfall 31: musl's descriptor points to an array of 128 values.
TEST(KeysHolding, FindsKeysOfMusl) {
  constexpr uint64_t kThread = 0x7000, kTsd = 0x9000, kState = 0xabc0;
  SparseMemory memory;
  memory.words[kThread + 0x80] = kTsd;
  for (uint64_t key = 0; key < 128; ++key) memory.words[kTsd + 8 * key] = key == 5 ? kState : 0;
  auto found = KeysHolding(memory, kThread, kState);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(TssKey{5, ThreadLibrary::kMusl}));
}

}  // namespace
}  // namespace profd
