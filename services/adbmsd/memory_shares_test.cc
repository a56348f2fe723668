#include "services/adbmsd/memory_shares.h"

#include <gtest/gtest.h>

namespace adbms::adbmsd {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

TEST(MemoryBudget, IsHalfOfWhatTheProcessMayUse) {
  EXPECT_EQ(MemoryBudget({}, 24 * kGiB), 12 * kGiB);
  EXPECT_EQ(MemoryBudget({}, 32 * kMiB), 64 * kMiB) << "less than that does not work";
  EXPECT_EQ(MemoryBudget({}, 0), kGiB) << "the kernel tells nothing";
  common::v1::TunerConfig set;
  set.set_memory_budget_bytes(100 * kMiB);
  EXPECT_EQ(MemoryBudget(set, 24 * kGiB), 100 * kMiB);
}

TEST(WithShares, WhatIsNotSetIsAShareOfTheBudget) {
  const auto shares = WithShares({}, 2 * kGiB);
  EXPECT_EQ(shares.block_cache_bytes(), kGiB);
  EXPECT_EQ(shares.query_memory_bytes(), kGiB / 2);
  EXPECT_EQ(shares.memtable_bytes(), 128 * kMiB);
}

TEST(WithShares, TogetherTheyStayWithinIt) {
  for (const uint64_t budget : {64 * kMiB, kGiB, 100 * kGiB}) {
    const auto shares = WithShares({}, budget);
    EXPECT_LE(shares.block_cache_bytes() + shares.query_memory_bytes() + shares.memtable_bytes(),
              budget);
  }
}

TEST(WithShares, WhatIsSetCounts) {
  common::v1::StorageConfig set;
  set.set_block_cache_bytes(16 * kMiB);
  EXPECT_EQ(WithShares(set, 2 * kGiB).block_cache_bytes(), 16 * kMiB);
}

}  // namespace
}  // namespace adbms::adbmsd
