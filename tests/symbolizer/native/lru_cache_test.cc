#include "symbolizer/native/lru_cache.h"

#include <gtest/gtest.h>

#include <memory>

namespace profd {
namespace {

struct Block {
  size_t size;
  size_t bytes() const { return size; }
};

TEST(LruCache, DropsTheLeastRecentlyUsed) {
  LruCache<int, Block> cache(10'000);
  cache.Insert(1, std::make_unique<Block>(Block{4000}));
  cache.Insert(2, std::make_unique<Block>(Block{4000}));
  ASSERT_NE(cache.Find(1), nullptr);
  cache.Insert(3, std::make_unique<Block>(Block{4000}));
  EXPECT_EQ(cache.Find(2), nullptr);
  EXPECT_NE(cache.Find(1), nullptr);
  EXPECT_NE(cache.Find(3), nullptr);
  EXPECT_LE(cache.bytes(), 10'000u);
}

TEST(LruCache, GrowthOfAValueCountsWhenSettled) {
  LruCache<int, Block> cache(10'000);
  cache.Insert(1, std::make_unique<Block>(Block{1000}));
  cache.Insert(2, std::make_unique<Block>(Block{1000}))->size = 9500;
  EXPECT_EQ(cache.size(), 2u);
  cache.Settle();
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_NE(cache.Find(2), nullptr);
}

TEST(LruCache, TheNewestStaysEvenWhenTooLarge) {
  LruCache<int, Block> cache(100);
  EXPECT_EQ(cache.Insert(1, std::make_unique<Block>(Block{5000}))->size, 5000u);
  EXPECT_NE(cache.Find(1), nullptr);
  cache.Erase(1);
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace profd
