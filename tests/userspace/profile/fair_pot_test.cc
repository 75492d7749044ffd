#include "userspace/profile/fair_pot.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

size_t TakeAll(FairPot* pot, int64_t process) {
  size_t taken = 0;
  while (pot->Take(process, 1)) ++taken;
  return taken;
}

TEST(FairPotTest, OneProcessGetsHalf) {
  FairPot pot(1000, /*fair=*/true);
  EXPECT_EQ(TakeAll(&pot, 1), 500u);
  EXPECT_EQ(pot.used(), 500u);
}

TEST(FairPotTest, ProcessesThatTakeTogetherGetEqualParts) {
  constexpr int kGreedy = 9;
  FairPot pot(1000, true);
  size_t taken[kGreedy] = {};
  for (int round = 0; round < 1000; ++round) {
    for (int process = 0; process < kGreedy; ++process) taken[process] += pot.Take(process + 1, 1);
  }
  for (const size_t own : taken) EXPECT_EQ(own, 100u);
  EXPECT_EQ(TakeAll(&pot, 77), 50u);  // who comes late still gets half of what is left
}

TEST(FairPotTest, WhatIsRefusedIsNotTaken) {
  FairPot pot(1000, true);
  EXPECT_FALSE(pot.Take(1, 501));
  EXPECT_FALSE(pot.Take(1, size_t{0} - 1));
  EXPECT_EQ(pot.used(), 0u);
  EXPECT_TRUE(pot.Take(1, 500));
}

TEST(FairPotTest, NobodyInParticularAndUnfairPotsAreServedToTheEnd) {
  FairPot fair(1000, true);
  EXPECT_EQ(TakeAll(&fair, 0), 1000u);
  FairPot unfair(1000, false);
  EXPECT_EQ(TakeAll(&unfair, 1), 1000u);
}

}  // namespace
}  // namespace profd
