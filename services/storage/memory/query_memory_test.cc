#include "services/storage/memory/query_memory.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/storage/memory/memory_budget.h"

namespace adbms::storage::memory {
namespace {

constexpr int64_t kMiB = 1 << 20;

TEST(QueryMemory, WhoFindsNoneWaitsForWhatOthersGiveBack) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  MemoryBudget first(&memory);
  MemoryBudget second(&memory);
  ASSERT_TRUE(first.TryReserve(6 * kMiB));
  EXPECT_FALSE(second.TryReserve(4 * kMiB));
  absl::Status late;
  std::thread waiter([&] { late = second.Reserve(4 * kMiB); });
  first.Release(6 * kMiB);
  waiter.join();
  EXPECT_TRUE(late.ok()) << late;
  EXPECT_LE(memory.used(), 8 * kMiB);
}

TEST(QueryMemory, OfThoseWhoAllWaitForEachOtherOneIsRefusedAtOnce) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  std::atomic<int> refused{0};
  const auto work = [&](MemoryBudget* budget) {
    if (budget->Reserve(4 * kMiB).ok()) return;
    ++refused;
    budget->Release(3 * kMiB);  // As a statement does that fails.
  };
  MemoryBudget first(&memory);
  MemoryBudget second(&memory);
  ASSERT_TRUE(first.TryReserve(3 * kMiB));
  ASSERT_TRUE(second.TryReserve(3 * kMiB));
  const absl::Time start = absl::Now();
  std::thread other([&] { work(&second); });
  work(&first);
  other.join();
  EXPECT_EQ(refused, 1);
  EXPECT_LT(absl::Now() - start, QueryMemory::kPatience);
}

TEST(QueryMemory, OneWhoIsAloneIsRefusedAtOnce) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  MemoryBudget only(&memory);
  ASSERT_TRUE(only.TryReserve(6 * kMiB));
  const absl::Time start = absl::Now();
  EXPECT_TRUE(IsMemoryRefusal(only.Reserve(4 * kMiB)));
  EXPECT_LT(absl::Now() - start, QueryMemory::kPatience);
}

TEST(QueryMemory, CancellingEndsTheWait) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  MemoryBudget first(&memory);
  ASSERT_TRUE(first.TryReserve(6 * kMiB));
  MemoryBudget second(&memory);
  rpc::CallContext call;
  call.cancellation = std::make_shared<rpc::Cancellation>();
  second.SetCall(&call);
  const absl::Time start = absl::Now();
  std::thread waiter([&] { EXPECT_FALSE(second.Reserve(4 * kMiB).ok()); });
  call.cancellation->Cancel();
  waiter.join();
  EXPECT_LT(absl::Now() - start, QueryMemory::kPatience);
}

TEST(QueryMemory, WhatOneWaitsForAnotherThreadOfItsMayGiveBack) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  MemoryBudget other(&memory);
  ASSERT_TRUE(other.TryReserve(kMiB));
  MemoryBudget budget(&memory);
  const std::shared_ptr<QueryMemoryAccount> account = budget.account();
  ASSERT_TRUE(account->TakeNow(5 * kMiB));
  const absl::Time start = absl::Now();
  std::thread waiter([&] { EXPECT_TRUE(account->Take(4 * kMiB)); });
  while (memory.waiting() == 0) std::this_thread::yield();
  account->Give(5 * kMiB);
  waiter.join();
  EXPECT_LT(absl::Now() - start, QueryMemory::kPatience);
  account->Give(4 * kMiB);
}

TEST(QueryMemory, WhatIsTakenAndNotUsedIsThereForSpilling) {
  QueryMemory memory;
  memory.SetLimit(2 * kMiB);
  MemoryBudget budget(&memory);
  ASSERT_TRUE(budget.TryReserveSpillable(kMiB));
  budget.Release(kMiB);
  EXPECT_TRUE(budget.TryReserveSpillable(kMiB * 6 / 5));
}

TEST(QueryMemory, AtTheEndNothingIsUsed) {
  QueryMemory memory;
  memory.SetLimit(8 * kMiB);
  {
    MemoryBudget budget(&memory);
    ASSERT_TRUE(budget.TryReserve(3 * kMiB));
    EXPECT_GE(memory.used(), 2 * kMiB);
  }
  EXPECT_EQ(memory.used(), 0);
}

}  // namespace
}  // namespace adbms::storage::memory
