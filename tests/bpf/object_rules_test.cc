#include "tests/bpf/object_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profd::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Pitfall 2: no inserts from perf events. Pitfall 4: no user call chains by the kernel. Pitfall 10:
// what a per-CPU map can hold,
// and the stack of callers and callees together.
TEST(ObjectRules, AreKeptByTheSampler) { EXPECT_THAT(BrokenRules(PROFD_CPU_OBJECT), IsEmpty()); }

TEST(ObjectRules, AreKeptByTheLifecyclePrograms) {
  EXPECT_THAT(BrokenRules(PROFD_LIFECYCLE_OBJECT), IsEmpty());
}

TEST(ObjectRules, AreKeptByTheTaskIterator) {
  EXPECT_THAT(BrokenRules(PROFD_THREADS_OBJECT), IsEmpty());
}

TEST(ObjectRules, SeeWhatIsForbidden) {
  EXPECT_THAT(BrokenRules(PROFD_BAD_OBJECT),
              UnorderedElementsAre("perf_event: calls helper 2",   // bpf_map_update_elem
                                   "perf_event: calls helper 27",  // bpf_get_stackid
                                   "perf_event: may ask for a user stack",
                                   ".text: calls helper 3",  // bpf_map_delete_elem
                                   "perf_event: 576 bytes of stack",
                                   "kprobe/do_exit: a kind of program we do not have",
                                   "raw_tp/sched_switch: a kind of program we do not have",
                                   "large: value over 32 KiB per CPU"));
}

TEST(ObjectRules, AreNotKeptByAFileThatIsNotThere) {
  EXPECT_THAT(BrokenRules("/nonexistent"), ::testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace profd::testing
