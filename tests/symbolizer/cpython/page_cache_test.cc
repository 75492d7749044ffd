#include "symbolizer/cpython/page_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <vector>

namespace profd {
namespace {

// Pages from kBase to kEnd, each byte the low byte of its address.
class Pages : public ProcessMemory {
 public:
  static constexpr uint64_t kBase = 0x100000;
  static constexpr uint64_t kEnd = kBase + 3 * 4096;

  absl::Status Read(uint64_t address, absl::Span<std::byte> out) override {
    ++reads;
    if (address < kBase || address + out.size() > kEnd) return absl::OutOfRangeError("not mapped");
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::byte(address + i);
    return absl::OkStatus();
  }
  std::vector<absl::Status> ReadEach(absl::Span<const Piece> pieces) override {
    const int before = reads;
    std::vector<absl::Status> result = ProcessMemory::ReadEach(pieces);
    reads = before + 1;
    return result;
  }
  int reads = 0;
};

auto Later() { return std::chrono::steady_clock::now() + std::chrono::minutes(10); }

TEST(PageCacheTest, AnswersFromPagesReadBefore) {
  Pages pages;
  PageCache cache(pages, Later(), 1 << 20);
  EXPECT_EQ(*cache.Get<uint8_t>(Pages::kBase + 0x11), 0x11);
  EXPECT_EQ(*cache.Get<uint16_t>(Pages::kBase + 0x20), 0x2120);
  EXPECT_EQ(pages.reads, 1);
  EXPECT_EQ(*cache.Get<uint32_t>(Pages::kBase + 4094), 0x0100fffeu);
  EXPECT_EQ(pages.reads, 2);
}

TEST(PageCacheTest, PrefetchesManyPagesInOneCall) {
  Pages pages;
  PageCache cache(pages, Later(), 1 << 20);
  cache.Prefetch({Pages::kBase + 8, Pages::kBase + 16, Pages::kBase + 5000, Pages::kEnd + 4096});
  EXPECT_EQ(pages.reads, 1);
  EXPECT_TRUE(cache.Get<uint64_t>(Pages::kBase + 4090).ok());
  EXPECT_EQ(pages.reads, 1);
  EXPECT_TRUE(absl::IsOutOfRange(cache.Get<uint64_t>(Pages::kEnd + 4096).status()));
}

TEST(PageCacheTest, TellsWhichPagesHaveAnswered) {
  Pages pages;
  PageCache cache(pages, Later(), 1 << 20);
  cache.Prefetch({Pages::kBase, Pages::kBase + 4096});
  EXPECT_TRUE(cache.UsedPages().empty());
  EXPECT_TRUE(cache.Get<uint64_t>(Pages::kBase + 4100).ok());
  EXPECT_TRUE(cache.Get<uint64_t>(Pages::kBase + 8200).ok());
  EXPECT_FALSE(cache.Get<uint64_t>(Pages::kEnd).ok());
  EXPECT_THAT(cache.UsedPages(),
              ::testing::UnorderedElementsAre(Pages::kBase + 4096, Pages::kBase + 8192));
}

TEST(PageCacheTest, FailsWhereAnyByteIsUnreadable) {
  Pages pages;
  PageCache cache(pages, Later(), 1 << 20);
  EXPECT_TRUE(cache.Get<uint64_t>(Pages::kEnd - 8).ok());
  EXPECT_TRUE(absl::IsOutOfRange(cache.Get<uint64_t>(Pages::kEnd - 4).status()));
  EXPECT_TRUE(absl::IsOutOfRange(cache.Get<uint64_t>(UINT64_MAX - 3).status()));
}

TEST(PageCacheTest, ReadsLargeArraysAtOnce) {
  Pages pages;
  PageCache cache(pages, Later(), 1 << 20);
  std::vector<std::byte> out(Pages::kEnd - Pages::kBase);
  EXPECT_TRUE(cache.Read(Pages::kBase, absl::MakeSpan(out)).ok());
  EXPECT_EQ(pages.reads, 1);
  EXPECT_EQ(out[4097], std::byte(1));
}

TEST(PageCacheTest, EndsWithItsBudget) {
  Pages pages;
  PageCache few_bytes(pages, Later(), 2 * 4096);
  EXPECT_TRUE(few_bytes.Get<uint8_t>(Pages::kBase).ok());
  EXPECT_TRUE(few_bytes.Get<uint8_t>(Pages::kBase + 4096).ok());
  EXPECT_TRUE(few_bytes.Get<uint8_t>(Pages::kBase + 1).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(few_bytes.Get<uint8_t>(Pages::kBase + 8192).status()));
  PageCache no_time(pages, Later() - std::chrono::hours(1), 1 << 20);
  EXPECT_TRUE(absl::IsDeadlineExceeded(no_time.Get<uint8_t>(Pages::kBase).status()));
}

}  // namespace
}  // namespace profd
