// Isolation, locks and savepoints: several sessions on one server.
#include <atomic>
#include <thread>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using status::HasSqlState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(StorageTest, ReadCommittedSeesOthersCommitsAndNotTheirUncommittedRows) {
  Client a(storage_.get());
  Client b(storage_.get());
  MakeTable(&a);
  ASSERT_TRUE(a.session().Begin(a.context(), {}).ok());
  ASSERT_TRUE(a.InsertInts("t", {{1, 10}}).ok());
  EXPECT_THAT(a.All("t"), ElementsAre("1|10"));
  EXPECT_THAT(b.All("t"), IsEmpty());
  ASSERT_TRUE(b.session().Begin(b.context(), {}).ok());
  EXPECT_THAT(b.All("t"), IsEmpty());
  ASSERT_TRUE(a.session().Commit(a.context()).ok());
  EXPECT_THAT(b.All("t"), ElementsAre("1|10"));
}

TEST_F(StorageTest, RepeatableReadKeepsItsSnapshotAndRefusesLostUpdates) {
  Client a(storage_.get());
  Client b(storage_.get());
  MakeTable(&a);
  ASSERT_TRUE(a.InsertInts("t", {{1, 10}}).ok());
  const auto table = a.Table("t");
  ASSERT_TRUE(a.session().Begin(a.context(), {api::Isolation::kRepeatableRead}).ok());
  EXPECT_THAT(a.All("t"), ElementsAre("1|10"));
  ASSERT_EQ(*b.Affect(AddTo(table, 1, 1)), 1u);
  EXPECT_THAT(a.All("t"), ElementsAre("1|10"));
  EXPECT_TRUE(HasSqlState(a.Run(AddTo(table, 1, 1)).status(), "40001"));
  ASSERT_TRUE(a.session().Rollback(a.context()).ok());
  EXPECT_THAT(a.All("t"), ElementsAre("1|11"));
}

TEST_F(StorageTest, ConcurrentIncrementsAreNotLost) {
  {
    Client client(storage_.get());
    MakeTable(&client);
    ASSERT_TRUE(client.InsertInts("t", {{1, 0}}).ok());
  }
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Client client(storage_.get());
      const auto table = client.Table("t");
      for (int round = 0; round < kRounds; ++round) {
        const auto affected = client.Affect(AddTo(table, 1, 1));
        if (!affected.ok() || *affected != 1) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|" + std::to_string(kThreads * kRounds)));
}

// A change of the row with one primary key locks it as it reads it.
class PointChangeTest : public StorageTest {
 protected:
  static Operator Point(const common::v1::TableDescriptor& table, int key) {
    return IndexScan(table, 0, {0, 1, UINT32_MAX}, {IntLiteral(key)});
  }
  static Plan Add(const common::v1::TableDescriptor& table, int key) {
    return Finish(Update(table, Point(table, key), {1},
                         {Call("+(int4,int4)", kInt4, {Column(1, kInt4), IntLiteral(1)})}),
                  {&table});
  }
  static Plan Remove(const common::v1::TableDescriptor& table, int key) {
    return Finish(Delete(table, Point(table, key)), {&table});
  }
};

TEST_F(PointChangeTest, ConcurrentIncrementsAreNotLost) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 0}}).ok());
  const auto table = client.Table("t");
  std::vector<std::thread> threads;
  std::atomic<int> changed{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      Client own(storage_.get());
      for (int i = 0; i < 50; ++i) changed += static_cast<int>(own.Affect(Add(table, 1)).value());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(changed, 200);
  EXPECT_THAT(client.All("t"), ElementsAre("1|200"));
}

TEST_F(PointChangeTest, AWaiterChangesWhatTheHolderLeft) {
  Client holder(storage_.get());
  MakeTable(&holder);
  ASSERT_TRUE(holder.InsertInts("t", {{1, 0}, {2, 0}}).ok());
  const auto table = holder.Table("t");
  ASSERT_TRUE(holder.session().Begin(holder.context(), {}).ok());
  ASSERT_EQ(*holder.Affect(Add(table, 1)), 1u);
  ASSERT_EQ(*holder.Affect(Remove(table, 2)), 1u);
  uint64_t added = 0, removed = 1;
  std::thread waiter([&] {
    Client own(storage_.get());
    added = own.Affect(Add(table, 1)).value();
    removed = own.Affect(Remove(table, 2)).value();
  });
  EXPECT_EQ(*holder.Affect(Add(table, 1)), 1u);
  ASSERT_TRUE(holder.session().Commit(holder.context()).ok());
  waiter.join();
  EXPECT_EQ(added, 1u);
  EXPECT_EQ(removed, 0u);
  EXPECT_THAT(holder.All("t"), ElementsAre("1|3"));
}

TEST_F(PointChangeTest, AMissingRowLeavesNoLock) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto table = client.Table("t");
  ASSERT_TRUE(storage_->SetKnob(client.context(), "lock_timeout_ms", 100).ok());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  EXPECT_EQ(*client.Affect(Add(table, 7)), 0u);
  EXPECT_EQ(*client.Affect(Remove(table, 7)), 0u);
  Client other(storage_.get());
  EXPECT_TRUE(other.InsertInts("t", {{7, 70}}).ok());
  EXPECT_EQ(*client.Affect(Add(table, 7)), 1u);  // READ COMMITTED sees it now.
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("7|71"));
}

TEST_F(PointChangeTest, RepeatableReadRefusesLostUpdates) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 0}}).ok());
  const auto table = client.Table("t");
  ASSERT_TRUE(
      client.session().Begin(client.context(), {api::Isolation::kRepeatableRead, false}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|0"));
  Client other(storage_.get());
  ASSERT_EQ(*other.Affect(Add(table, 1)), 1u);
  EXPECT_TRUE(HasSqlState(client.Affect(Add(table, 1)).status(), "40001"));
}

TEST_F(StorageTest, SavepointsUndoWhatCameAfter) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  ASSERT_TRUE(client.session().Savepoint(client.context(), "s").ok());
  ASSERT_TRUE(client.InsertInts("t", {{2, 20}}).ok());
  EXPECT_TRUE(HasSqlState(client.InsertInts("t", {{3, 30}, {1, 0}}), "23505"));
  EXPECT_THAT(client.All("t"), ElementsAre("1|10", "2|20"));
  ASSERT_TRUE(client.session().RollbackTo(client.context(), "s").ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  ASSERT_TRUE(client.InsertInts("t", {{4, 40}}).ok());
  ASSERT_TRUE(client.session().Release(client.context(), "s").ok());
  EXPECT_TRUE(HasSqlState(client.session().RollbackTo(client.context(), "s"), "3B001"));
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10", "4|40"));
}

TEST_F(StorageTest, DeadlockIsDetected) {
  Client a(storage_.get());
  Client b(storage_.get());
  MakeTable(&a);
  ASSERT_TRUE(a.InsertInts("t", {{1, 0}, {2, 0}}).ok());
  const auto table = a.Table("t");
  ASSERT_TRUE(a.session().Begin(a.context(), {}).ok());
  ASSERT_TRUE(b.session().Begin(b.context(), {}).ok());
  ASSERT_TRUE(a.Run(AddTo(table, 1, 1)).ok());
  ASSERT_TRUE(b.Run(AddTo(table, 2, 1)).ok());
  absl::Status from_a;
  std::thread other([&] {
    from_a = a.Run(AddTo(table, 2, 1)).status();
    if (!from_a.ok()) (void)a.session().Rollback(a.context());
  });
  const absl::Status from_b = b.Run(AddTo(table, 1, 1)).status();
  if (!from_b.ok()) {
    ASSERT_TRUE(b.session().Rollback(b.context()).ok());
  }
  other.join();
  EXPECT_NE(from_a.ok(), from_b.ok());
  EXPECT_TRUE(HasSqlState(from_a.ok() ? from_b : from_a, "40P01")) << from_a << from_b;
}

TEST_F(StorageTest, UpdateDoesNotSeeItsOwnRows) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 0}, {2, 0}, {3, 0}}).ok());
  const auto table = client.Table("t");
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  const Plan shift =
      Finish(Update(table, TargetScan(table), {0},
                    {Call("+(int4,int4)", kInt4, {Column(0, kInt4), IntLiteral(10)})}),
             {&table});
  EXPECT_EQ(*client.Affect(shift), 3u);
  EXPECT_THAT(client.All("t"), ElementsAre("11|0", "12|0", "13|0"));
}

}  // namespace
}  // namespace adbms::storage::testing
