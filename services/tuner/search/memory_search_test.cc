#include "services/tuner/search/memory_search.h"

#include <gtest/gtest.h>

namespace adbms::tuner::search {
namespace {

constexpr int64_t kMiB = 1 << 20;

monitor::Load Missing() {
  monitor::Load load;
  load.seconds = 10;
  load.hit_ratio = 0.6;
  load.misses_per_second = 20000;
  load.cache_fill = 0.99;
  return load;
}

const Memory kMemory{64 * kMiB, 64 * kMiB, 256 * kMiB};

TEST(MemorySearchTest, ACacheThatIsTooSmallGrowsWithinTheBudget) {
  const auto steps = Propose(Missing(), kMemory, 1024 * kMiB, 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].knob, "block_cache_bytes");
  EXPECT_EQ(steps[0].to, 256 * kMiB) << "four times, while there is room";
  EXPECT_TRUE(steps[0].donor.empty());
  EXPECT_GT(steps[0].predicted_gain, 0.02);
}

TEST(MemorySearchTest, WithoutRoomAnIdleShareGives) {
  const auto steps = Propose(Missing(), kMemory, kMemory.total(), 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].donor, "query_memory_bytes");
  EXPECT_EQ(steps[0].to - steps[0].from, steps[0].donor_from - steps[0].donor_to);
}

TEST(MemorySearchTest, ACacheThatServesWellIsLeftAlone) {
  monitor::Load load = Missing();
  load.hit_ratio = 0.999;
  EXPECT_TRUE(Propose(load, kMemory, 1024 * kMiB, 300 * kMiB, {}, {}).empty());
}

TEST(MemorySearchTest, StallsAndSpillsGrowTheirOwnShares) {
  monitor::Load load;
  load.seconds = 10;
  load.stall_fraction = 0.2;
  load.spill_bytes_per_second = 50e6;
  const auto steps = Propose(load, kMemory, 1024 * kMiB, 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_NE(steps[0].knob, steps[1].knob);
}

TEST(MemorySearchTest, AKnobThatNeverPaidIsNotTriedAgain) {
  const std::vector<Experience> bad(8, {"block_cache_bytes", 0.2, -0.2});
  EXPECT_LT(Calibration("block_cache_bytes", bad), 0.01);
  EXPECT_TRUE(Propose(Missing(), kMemory, 1024 * kMiB, 300 * kMiB, {}, bad).empty());
  EXPECT_DOUBLE_EQ(Calibration("memtable_bytes", bad), 1);
}

TEST(MemorySearchTest, ACacheThatIsTooSmallForAnIdleMachinesFewStatementsGrows) {
  // 2,000 misses a second are 3 % of a core, but half of what the statements wait for.
  monitor::Load load = Missing();
  load.hit_ratio = 0.41;
  load.misses_per_second = 2000;
  load.busy = 0.06;
  const Memory small{16 * kMiB, 64 * kMiB, 256 * kMiB};
  const auto steps = Propose(load, small, 1024 * kMiB, 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].to, 64 * kMiB);
}

TEST(MemorySearchTest, MemtablesGrowWhenTheyAreFlushedAllTheTime) {
  monitor::Load load;
  load.seconds = 10;
  load.flushes_per_minute = 12;
  const Memory small{64 * kMiB, 8 * kMiB, 256 * kMiB};
  const auto steps = Propose(load, small, 1024 * kMiB, 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].knob, "memtable_bytes");
  EXPECT_EQ(steps[0].to, 32 * kMiB);
}

TEST(MemorySearchTest, RefusedStatementsGrowQueryMemoryWithoutAPromise) {
  monitor::Load load;
  load.seconds = 10;
  load.refusals_per_minute = 3;
  const auto steps = Propose(load, kMemory, 2048 * kMiB, 300 * kMiB, {}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].knob, "query_memory_bytes");
  EXPECT_EQ(steps[0].predicted_gain, 0);
  EXPECT_EQ(steps[0].to, 1024 * kMiB);
}

TEST(MemorySearchTest, BoundsHold) {
  const auto steps = Propose(Missing(), kMemory, 1024 * kMiB, 300 * kMiB,
                             {{"block_cache_bytes", {kMiB, 100 * kMiB}}}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].to, 100 * kMiB);
}

}  // namespace
}  // namespace adbms::tuner::search
