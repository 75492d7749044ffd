// Promises of the walkers over any memory; see also tests/fuzz/walker_fuzz.cc.
#include "tests/bpf/random_target.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace profd::testing {
namespace {

// Words that are mostly small multiples of 8 above the target's base, so that chains form.
std::vector<uint8_t> RandomBytes(std::mt19937_64& random) {
  std::vector<uint8_t> bytes(32 + 8 * (random() % 600));
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    uint64_t word = 0x10000 + 8 * (random() % 700);
    switch (random() % 8) {
      case 0:
        word = 0;
        break;
      case 1:
        word = random();
        break;
      case 2:
        word = random() % 256;
        break;
      case 3:
        std::memcpy(&word, "code\0\0\0", 8);
        break;
    }
    std::memcpy(bytes.data() + at, &word, 8);
  }
  for (size_t at = 0; at < 16; ++at) bytes[at] = static_cast<uint8_t>(random());
  return bytes;
}

TEST(RandomTarget, BreaksNoPromise) {
  constexpr int kWalks = 10000;
  std::mt19937_64 random(20240229);
  int whole = 0, cut = 0, with_frames = 0;
  for (int i = 0; i < kWalks; ++i) {
    const RandomWalk walk = WalkBytes(RandomBytes(random));
    whole += walk.whole;
    cut += !walk.ended;
    with_frames += walk.depth > 0;
  }
  // The memory is not so random that all walks are alike.
  EXPECT_GT(whole, kWalks / 100);
  EXPECT_GT(cut, kWalks / 100);
  EXPECT_GT(with_frames, kWalks / 300);
}

}  // namespace
}  // namespace profd::testing
