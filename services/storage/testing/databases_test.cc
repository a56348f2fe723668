// Databases come and go while others use them, and statements about them.
#include <atomic>
#include <thread>

#include "common/status/sql_error.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::DdlStatement;

class DatabasesTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    admin_ = std::make_unique<Client>(storage_.get());
    ASSERT_TRUE(admin_->Ddl(Create("one")).ok());
  }
  void TearDown() override { admin_.reset(); }

  static DdlStatement Create(const std::string& name) {
    DdlStatement statement;
    auto* database = statement.mutable_create_database()->mutable_database();
    database->set_name(name);
    database->set_owner("postgres");
    database->set_allows_connections(true);
    database->set_connection_limit(-1);
    statement.mutable_create_database()->set_template_name("template1");
    return statement;
  }
  static DdlStatement Drop(const std::string& name, bool force) {
    DdlStatement statement;
    statement.mutable_drop_database()->set_name(name);
    statement.mutable_drop_database()->set_force(force);
    return statement;
  }
  // What may be cancelled.
  static rpc::CallContext Cancellable() {
    rpc::CallContext context;
    context.cancellation = std::make_shared<rpc::Cancellation>();
    return context;
  }
  static std::string State(const absl::Status& status) {
    return status.ok() ? "" : status::FromStatus(status).sqlstate;
  }
  // A session in the database "one".
  std::unique_ptr<api::Session> SessionInOne() {
    auto session = storage_->OpenSessionIn(admin_->context(), "one");
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }

  std::unique_ptr<Client> admin_;
};

TEST_F(DatabasesTest, ForceEndsWhoWaitsForATable) {
  const auto holder = SessionInOne();
  const auto table = holder->ExecuteDdl(Cancellable(), CreateTable("t", {{"a", kInt4, true}}, {0}));
  ASSERT_TRUE(table.ok()) << table.status();
  v1::LockTablesRequest lock;
  lock.add_table_ids(table->object_id());
  lock.set_mode(v1::TABLE_LOCK_MODE_ACCESS_EXCLUSIVE);
  ASSERT_TRUE(holder->Begin(Cancellable(), {}).ok());
  ASSERT_TRUE(holder->LockTables(Cancellable(), lock).ok());
  const auto waiter = SessionInOne();
  ASSERT_TRUE(waiter->Begin(Cancellable(), {}).ok());
  std::string state;
  std::thread waits([&] { state = State(waiter->LockTables(Cancellable(), lock)); });
  const auto waiting = [&] { return storage_->GetMetrics(admin_->context())->lock_waits() > 0; };
  while (!waiting()) std::this_thread::yield();
  EXPECT_TRUE(admin_->Ddl(Drop("one", /*force=*/true)).ok());
  waits.join();
  EXPECT_EQ(state, "57014");
  EXPECT_EQ(State(waiter->LockTables(Cancellable(), lock)), "57P01");
}

TEST_F(DatabasesTest, ACopyThatIsUnderWayGoesNoFurtherIn) {
  const auto session = SessionInOne();
  const auto table =
      session->ExecuteDdl(Cancellable(), CreateTable("t", {{"a", kInt4, true}}, {0}));
  ASSERT_TRUE(table.ok()) << table.status();
  auto writer = session->OpenBulkWriter(Cancellable(), {table->object_id(), 0}, {}, {});
  ASSERT_TRUE(writer.ok()) << writer.status();
  types::Batch batch;
  auto column = std::make_shared<types::Vector>(types::Type{kInt4, 0});
  column->Append(types::Value::Int(kInt4, 1));
  batch.columns.push_back(column);
  batch.row_count = 1;
  EXPECT_TRUE((*writer)->Write(batch).ok());
  // Its client sends nothing; it is not waited for without end.
  EXPECT_TRUE(admin_->Ddl(Drop("one", /*force=*/true)).ok());
  EXPECT_EQ(State((*writer)->Write(batch)), "57P01");
  EXPECT_EQ(State((*writer)->Finish().status()), "57P01");
}

// Whoever has a version of the catalog takes only a newer one for news.
TEST_F(DatabasesTest, VersionsOfTheCatalogOnlyGrow) {
  std::atomic<bool> stop{false};
  std::thread looks([&] {
    const auto session = storage_->OpenSessionIn({}, "adbms");
    uint64_t newest = 0;
    while (!stop) {
      const auto catalog = (*session)->GetCatalog({});
      EXPECT_GE((*catalog)->version(), newest);
      newest = (*catalog)->version();
    }
  });
  for (int i = 0; i < 30; ++i) {
    const std::string name = "more" + std::to_string(i);
    EXPECT_TRUE(admin_->Ddl(Create(name)).ok());
    EXPECT_TRUE(admin_->Ddl(Drop(name, /*force=*/false)).ok());
  }
  stop = true;
  looks.join();
}

}  // namespace
}  // namespace adbms::storage::testing
