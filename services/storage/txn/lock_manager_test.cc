#include "services/storage/txn/lock_manager.h"

#include <thread>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace adbms::storage::txn {
namespace {

using status::HasSqlState;
using ::testing::HasSubstr;

constexpr uint32_t kTable = 20000;
constexpr LockMode kRowModes[] = {LockMode::kForKeyShare, LockMode::kForShare,
                                  LockMode::kForNoKeyUpdate, LockMode::kForUpdate};

class LockManagerTest : public ::testing::Test {
 protected:
  // Until so many wait.
  void AwaitWaiters(size_t count) {
    while (true) {
      size_t waiters = 0;
      for (const LockManager::Row& row : locks_.Rows()) waiters += row.granted ? 0 : 1;
      if (waiters == count) return;
      std::this_thread::yield();
    }
  }
  absl::Status Acquire(LockOwner* owner, const std::string& key, LockMode mode) {
    return locks_.Acquire(rpc::CallContext(), owner, key, mode);
  }

  LockManager locks_;
  LockOwner a_{&locks_, 1}, b_{&locks_, 2}, c_{&locks_, 3};
  const std::string row_{"\0\0\x40\x01r", 5}, other_{"\0\0\x40\x01s", 5};
};

TEST_F(LockManagerTest, RowModesExcludeEachOtherAsInPostgres) {
  // Table 13.3 there: rows what is wanted, columns what is held.
  constexpr bool kConflicts[4][4] = {{false, false, false, true},
                                     {false, false, true, true},
                                     {false, true, true, true},
                                     {true, true, true, true}};
  for (int wanted = 0; wanted < 4; ++wanted) {
    for (int held = 0; held < 4; ++held) {
      ASSERT_TRUE(locks_.TryAcquire(&a_, row_, kRowModes[held]));
      EXPECT_EQ(!locks_.TryAcquire(&b_, row_, kRowModes[wanted]), kConflicts[wanted][held])
          << wanted << held;
      a_.ReleaseAll();
      b_.ReleaseAll();
    }
  }
}

TEST_F(LockManagerTest, TableModesExcludeEachOtherAsInPostgres) {
  // Table 13.2 there, a string of modes that conflict for each.
  constexpr const char* kConflicts[8] = {"7",     "67",     "4567",    "34567",
                                         "23567", "234567", "1234567", "01234567"};
  for (int wanted = 0; wanted < 8; ++wanted) {
    for (int held = 0; held < 8; ++held) {
      ASSERT_TRUE(locks_.TryAcquireTable(&a_, kTable, static_cast<LockMode>(held)));
      const bool conflicts =
          std::string(kConflicts[wanted]).find(static_cast<char>('0' + held)) != std::string::npos;
      EXPECT_EQ(!locks_.TryAcquireTable(&b_, kTable, static_cast<LockMode>(wanted)), conflicts)
          << wanted << held;
      a_.ReleaseAll();
      b_.ReleaseAll();
    }
  }
}

TEST_F(LockManagerTest, AMarkReleasesWhatCameAfterIt) {
  ASSERT_TRUE(locks_.TryAcquire(&a_, row_, LockMode::kForKeyShare));
  const size_t mark = a_.Mark();
  ASSERT_TRUE(locks_.TryAcquire(&a_, row_, LockMode::kForUpdate));
  ASSERT_TRUE(locks_.TryAcquire(&a_, other_, LockMode::kForUpdate));
  EXPECT_FALSE(locks_.TryAcquire(&b_, row_, LockMode::kForNoKeyUpdate));
  a_.ReleaseSince(mark);
  EXPECT_TRUE(locks_.TryAcquire(&b_, other_, LockMode::kForUpdate));
  EXPECT_TRUE(locks_.TryAcquire(&b_, row_, LockMode::kForNoKeyUpdate));
  EXPECT_FALSE(locks_.TryAcquire(&c_, row_, LockMode::kForUpdate));  // Both keep it so.
}

TEST_F(LockManagerTest, WaitersAreServedInOrder) {
  ASSERT_TRUE(locks_.TryAcquire(&a_, row_, LockMode::kForShare));
  std::thread second([&] {
    EXPECT_TRUE(Acquire(&b_, row_, LockMode::kForUpdate).ok());
    b_.ReleaseAll();
  });
  AwaitWaiters(1);
  // It could have the lock beside its holder, but somebody who could not waits already.
  EXPECT_FALSE(locks_.TryAcquire(&c_, row_, LockMode::kForShare));
  a_.ReleaseAll();
  second.join();
  EXPECT_TRUE(locks_.TryAcquire(&c_, row_, LockMode::kForShare));
}

TEST_F(LockManagerTest, WhoeverClosesTheCircleIsTold) {
  a_.SetPid(101);
  b_.SetPid(102);
  ASSERT_TRUE(locks_.TryAcquire(&a_, row_, LockMode::kForUpdate));
  ASSERT_TRUE(locks_.TryAcquireTable(&b_, kTable, LockMode::kExclusive));
  std::thread waiter(
      [&] { EXPECT_TRUE(Acquire(&a_, TableLockKey(kTable), LockMode::kRowExclusive).ok()); });
  AwaitWaiters(1);
  const absl::Status deadlock = Acquire(&b_, row_, LockMode::kForShare);
  EXPECT_TRUE(HasSqlState(deadlock, "40P01"));
  EXPECT_EQ(status::FromStatus(deadlock).detail,
            "Process 102 waits for ShareLock on transaction 1; blocked by process 101.\n"
            "Process 101 waits for RowExclusiveLock on relation 20000 of database 5; blocked by "
            "process 102.");
  b_.ReleaseAll();
  waiter.join();
  EXPECT_EQ(locks_.deadlocks(), 1u);
}

TEST_F(LockManagerTest, ACircleOfTheQueuesOrderIsUndone) {
  // c waits behind b, b for a, a for c: letting c pass b ends it.
  ASSERT_TRUE(locks_.TryAcquireTable(&a_, kTable, LockMode::kAccessShare));
  ASSERT_TRUE(locks_.TryAcquire(&c_, row_, LockMode::kForUpdate));
  std::thread alone([&] {
    EXPECT_TRUE(Acquire(&b_, TableLockKey(kTable), LockMode::kAccessExclusive).ok());
    b_.ReleaseAll();
  });
  AwaitWaiters(1);
  std::thread reader([&] {
    EXPECT_TRUE(Acquire(&c_, TableLockKey(kTable), LockMode::kAccessShare).ok());
    c_.ReleaseAll();
  });
  AwaitWaiters(2);
  EXPECT_TRUE(Acquire(&a_, row_, LockMode::kForUpdate).ok());
  a_.ReleaseAll();
  alone.join();
  reader.join();
  EXPECT_EQ(locks_.deadlocks(), 0u);
}

TEST_F(LockManagerTest, ATimeoutEndsTheWaitAndLeavesNothing) {
  ASSERT_TRUE(locks_.TryAcquire(&a_, row_, LockMode::kForUpdate));
  b_.SetTimeout(absl::Milliseconds(10));
  EXPECT_TRUE(HasSqlState(Acquire(&b_, row_, LockMode::kForShare), "55P03"));
  EXPECT_EQ(locks_.Rows().size(), 1u);
  rpc::CallContext cancelled;
  cancelled.cancellation = std::make_shared<rpc::Cancellation>();
  cancelled.cancellation->Cancel();
  EXPECT_TRUE(HasSqlState(locks_.Acquire(cancelled, &c_, row_, LockMode::kForShare), "57014"));
}

TEST_F(LockManagerTest, WhoWantsATableAloneWaitsForItsReaders) {
  ReadSlots slots(&locks_);
  ASSERT_TRUE(locks_.EnterRead(rpc::CallContext(), &c_, &slots, {kTable}).ok());
  EXPECT_FALSE(locks_.TryAcquireTable(&a_, kTable, LockMode::kAccessExclusive));
  EXPECT_TRUE(locks_.TryAcquireTable(&a_, kTable, LockMode::kExclusive));
  slots.Leave();
  EXPECT_TRUE(locks_.TryAcquireTable(&a_, kTable, LockMode::kAccessExclusive));
  c_.SetTimeout(absl::Milliseconds(10));
  EXPECT_TRUE(HasSqlState(locks_.EnterRead(rpc::CallContext(), &c_, &slots, {kTable}), "55P03"));
  a_.ReleaseAll();
  EXPECT_TRUE(locks_.EnterRead(rpc::CallContext(), &c_, &slots, {kTable}).ok());
}

TEST_F(LockManagerTest, WaitingForHoldersLetsNewcomersIn) {
  ASSERT_TRUE(locks_.TryAcquireTable(&a_, kTable, LockMode::kRowExclusive));
  ASSERT_TRUE(locks_.TryAcquireTable(&b_, kTable, LockMode::kShareUpdateExclusive));
  std::thread builder([&] {
    EXPECT_TRUE(locks_.WaitForHolders(rpc::CallContext(), &b_, kTable, LockMode::kShare).ok());
  });
  EXPECT_TRUE(locks_.TryAcquireTable(&c_, kTable, LockMode::kRowExclusive));
  a_.ReleaseAll();
  c_.ReleaseAll();
  builder.join();
}

}  // namespace
}  // namespace adbms::storage::txn
