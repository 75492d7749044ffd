#include "userspace/collector/accounting.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

// Every field another number, so that a forgotten or swapped one shows.
Accounting Numbered(uint64_t factor) {
  Accounting a;
  uint64_t next = 1;
  for (uint64_t& value : a.kernel.values) value = factor * next++;
  for (uint64_t* field :
       {&a.consumer.profiled, &a.consumer.before_start, &a.consumer.not_selected,
        &a.consumer.unknown_process, &a.consumer.malformed, &a.events.counted_ns,
        &a.events.enabled_ns, &a.events.periods, &a.frames_read_late, &a.frames_unproven,
        &a.frames_unnamed, &a.frames_incomplete, &a.profile_full, &a.side_band_lost,
        &a.memory.processes_blocked, &a.memory.reads_over_budget}) {
    *field = factor * next++;
  }
  return a;
}

TEST(AccountingTest, DifferenceIsOfEveryField) {
  const Accounting difference = Numbered(7) - Numbered(4);
  const Accounting wanted = Numbered(3);
  EXPECT_EQ(difference.kernel.values, wanted.kernel.values);
  EXPECT_EQ(difference.Lost(), wanted.Lost());
  EXPECT_EQ(difference.Imperfect(), wanted.Imperfect());
  EXPECT_EQ(difference.Elsewhere(), wanted.Elsewhere());
  EXPECT_EQ(difference.consumer.profiled, wanted.consumer.profiled);
  EXPECT_EQ(difference.events.counted_ns, wanted.events.counted_ns);
  EXPECT_EQ(difference.events.enabled_ns, wanted.events.enabled_ns);
  EXPECT_EQ(difference.events.periods, wanted.events.periods);
}

TEST(AccountingTest, EveryOutcomeOfAnEventIsInOneSum) {
  Accounting a;
  for (int outcome = EVENT_FIRED + 1; outcome < COUNTER_OUTCOME_END; ++outcome) {
    a.kernel.values[outcome] = uint64_t{1} << outcome;
    a.kernel.values[EVENT_FIRED] += uint64_t{1} << outcome;
  }
  EXPECT_EQ(a.fired(), a.kernel[OUTCOME_SAMPLE] + a.Elsewhere() + a.TotalLost());
}

TEST(AccountingTest, WhatCameBeforeTheInterpreterIsNotElsewhere) {
  Accounting a;
  a.kernel.values[EVENT_FIRED] = 10;
  a.kernel.values[OUTCOME_NOT_PYTHON] = 10;
  a.consumer.profiled = a.consumer.before_start = 4;
  EXPECT_EQ(a.Elsewhere(), 6u);
  // Of a window that began after they had fired.
  a.kernel.values[EVENT_FIRED] = a.kernel.values[OUTCOME_NOT_PYTHON] = 0;
  EXPECT_EQ(a.Elsewhere(), 0u);
}

TEST(AccountingTest, TheRateIsThatOfCpusWithWork) {
  Accounting a;
  EXPECT_EQ(a.RateHz(), 0);
  a.events.enabled_ns = 2'000'000'000;  // two CPUs, a second
  a.events.periods = 200;
  EXPECT_EQ(a.RateHz(), 0);
  a.kernel.values[EVENT_FIRED] = 90;  // one CPU has idled, without events
  EXPECT_DOUBLE_EQ(a.RateHz(), 100);
  a.kernel.values[COUNT_TICKS_SKIPPED] = 10;  // and the other has missed some
  EXPECT_DOUBLE_EQ(a.RateHz(), 90);
}

TEST(AccountingTest, NoReasonIsNamedTwice) {
  auto reasons = Numbered(1).Lost();
  for (const auto& reason : Numbered(1).Imperfect()) reasons.push_back(reason);
  for (size_t i = 0; i < reasons.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(reasons[i].first, reasons[j].first);
  }
}

}  // namespace
}  // namespace profd
