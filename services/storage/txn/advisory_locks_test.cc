#include "services/storage/txn/advisory_locks.h"

#include <thread>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace adbms::storage::txn {
namespace {

using status::HasSqlState;
using ::testing::HasSubstr;
using Scope = AdvisoryLocks::Scope;

constexpr LockMode kExclusive = LockMode::kExclusive;
constexpr LockMode kShare = LockMode::kShare;

class AdvisoryLocksTest : public ::testing::Test {
 protected:
  bool Try(AdvisoryLocks* session, LockMode mode, Scope scope = Scope::kSession) {
    const auto locked = session->TryLock(key_, mode, scope);
    return locked.ok() && *locked;
  }
  void AwaitWaiter() {
    while (true) {
      for (const LockManager::Row& row : locks_.Rows()) {
        if (!row.granted) return;
      }
      std::this_thread::yield();
    }
  }

  LockManager locks_;
  AdvisoryLocks a_{&locks_, 1}, b_{&locks_, 2};
  const AdvisoryKey key_{1, 2, 1};
};

TEST_F(AdvisoryLocksTest, KeysComeBackFromTheirBytes) {
  for (const AdvisoryKey key : {AdvisoryKey{0, 0, 1}, AdvisoryKey{0xffffffff, 7, 2}}) {
    AdvisoryKey read;
    ASSERT_TRUE(ReadAdvisoryLockKey(AdvisoryLockKey(key), &read));
    EXPECT_EQ(read.class_id, key.class_id);
    EXPECT_EQ(read.object_id, key.object_id);
    EXPECT_EQ(read.kind, key.kind);
  }
  AdvisoryKey read;
  EXPECT_FALSE(ReadAdvisoryLockKey(TableLockKey(7), &read));
  EXPECT_FALSE(ReadAdvisoryLockKey(NameLockKey(1, "Apublic", "t"), &read));
}

TEST_F(AdvisoryLocksTest, CountsEachModeByItself) {
  EXPECT_TRUE(Try(&a_, kExclusive));
  EXPECT_TRUE(Try(&a_, kExclusive));
  EXPECT_TRUE(Try(&a_, kShare));
  EXPECT_TRUE(a_.Unlock(key_, kExclusive));
  EXPECT_FALSE(Try(&b_, kShare));
  EXPECT_TRUE(a_.Unlock(key_, kExclusive));
  EXPECT_FALSE(a_.Unlock(key_, kExclusive));
  EXPECT_TRUE(Try(&b_, kShare));
  EXPECT_FALSE(Try(&b_, kExclusive));
  EXPECT_TRUE(a_.Unlock(key_, kShare));
  EXPECT_FALSE(a_.holds_for_session());
  EXPECT_TRUE(Try(&b_, kExclusive));
}

TEST_F(AdvisoryLocksTest, TransactionsGiveBackWhatFollowsAMark) {
  EXPECT_TRUE(Try(&a_, kShare, Scope::kTransaction));
  const size_t mark = a_.Mark();
  EXPECT_TRUE(Try(&a_, kExclusive, Scope::kTransaction));
  EXPECT_TRUE(Try(&a_, kShare, Scope::kTransaction));
  EXPECT_FALSE(a_.Unlock(key_, kExclusive));
  a_.ReleaseSince(mark);
  EXPECT_FALSE(Try(&b_, kExclusive));
  EXPECT_TRUE(Try(&b_, kShare));
  a_.ReleaseSince(0);
  EXPECT_TRUE(Try(&b_, kExclusive));
  EXPECT_FALSE(a_.holds_for_session());
}

TEST_F(AdvisoryLocksTest, UnlockingAllLeavesTheTransactions) {
  EXPECT_TRUE(Try(&a_, kExclusive));
  EXPECT_TRUE(Try(&a_, kExclusive, Scope::kTransaction));
  a_.UnlockAll();
  EXPECT_FALSE(a_.holds_for_session());
  EXPECT_FALSE(Try(&b_, kShare));
  a_.ReleaseSince(0);
  EXPECT_TRUE(Try(&b_, kShare));
}

TEST_F(AdvisoryLocksTest, AnEndedSessionHoldsNothing) {
  {
    AdvisoryLocks gone(&locks_, 3);
    EXPECT_TRUE(Try(&gone, kExclusive));
    EXPECT_TRUE(Try(&gone, kShare, Scope::kTransaction));
  }
  EXPECT_TRUE(locks_.Rows().empty());
}

// One session's owners are one to the search: its transaction holds the row, its session the lock.
TEST_F(AdvisoryLocksTest, CirclesGoThroughTheOwnersOfASession) {
  const std::string row("\0\0\x40\x01r", 5);
  LockOwner transaction_a(&locks_, 11), transaction_b(&locks_, 12);
  transaction_a.SetSession(a_.owner());
  transaction_b.SetSession(b_.owner());
  ASSERT_TRUE(Try(&a_, kExclusive));
  ASSERT_TRUE(locks_.TryAcquire(&transaction_b, row, LockMode::kForUpdate));
  std::thread waiter([&] {
    EXPECT_TRUE(locks_.Acquire(rpc::CallContext(), &transaction_a, row, LockMode::kForUpdate).ok());
    transaction_a.ReleaseAll();
  });
  AwaitWaiter();
  const absl::Status status = b_.Lock(rpc::CallContext(), key_, kExclusive, Scope::kTransaction);
  EXPECT_TRUE(HasSqlState(status, status::sqlstate::kDeadlockDetected));
  EXPECT_THAT(status::FromStatus(status).detail, HasSubstr("advisory lock [5,1,2,1]"));
  transaction_b.ReleaseAll();
  waiter.join();
}

TEST_F(AdvisoryLocksTest, ASessionDoesNotWaitForItself) {
  LockOwner transaction(&locks_, 11);
  transaction.SetSession(a_.owner());
  const std::string row("\0\0\x40\x01r", 5);
  ASSERT_TRUE(locks_.TryAcquire(&transaction, row, LockMode::kForUpdate));
  EXPECT_TRUE(Try(&a_, kShare));
  EXPECT_TRUE(Try(&a_, kExclusive));
  EXPECT_TRUE(a_.Lock(rpc::CallContext(), key_, kExclusive, Scope::kTransaction).ok());
}

}  // namespace
}  // namespace adbms::storage::txn
