#include "userspace/analysis/heaviest.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace profd {
namespace {

TEST(Heaviest, AreSoManyAndOfEqualOnesTheFirst) {
  const std::vector<int64_t> weights = {9, 5, 5, 7, 5, 1};
  const Heaviest heaviest(weights, 4);
  std::string chosen;
  for (size_t i = 0; i < 6; ++i) chosen += heaviest.Has(i) ? 'x' : '-';
  EXPECT_EQ(chosen, "xxxx--");
}

TEST(Heaviest, AllWhereThereIsRoom) {
  const std::vector<int64_t> weights = {0, 1};
  const Heaviest heaviest(weights, 2);
  EXPECT_TRUE(heaviest.Has(0));
  EXPECT_TRUE(heaviest.Has(1));
}

}  // namespace
}  // namespace profd
