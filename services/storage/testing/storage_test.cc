// The engine from the outside: tables, indexes, constraints, changes of the catalog.
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

TEST_F(StorageTest, KeepsRowsAcrossRestart) {
  {
    Client client(storage_.get());
    MakeTable(&client);
    ASSERT_TRUE(client.InsertInts("t", {{2, 20}, {1, 10}, {3, 30}}).ok());
    EXPECT_THAT(client.All("t"), ElementsAre("1|10", "2|20", "3|30"));
  }
  Reopen();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10", "2|20", "3|30"));
}

TEST_F(StorageTest, SecondServerOnTheDirectoryIsRefused) {
  const auto second = server::StorageServer::Open(OptionsFor(dir_.path()));
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(HasSqlState(second.status(), "55006")) << second.status();
}

TEST_F(StorageTest, DuplicateKeyIsReportedAsPostgreSqlDoes) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  const absl::Status status = client.InsertInts("t", {{2, 20}, {1, 11}});
  const status::SqlError error = status::FromStatus(status);
  EXPECT_EQ(error.sqlstate, "23505");
  EXPECT_EQ(error.message, "duplicate key value violates unique constraint \"t_pkey\"");
  EXPECT_EQ(error.detail, "Key (a)=(1) already exists.");
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
}

TEST_F(StorageTest, NotNullIsEnforced) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto table = client.Table("t");
  const auto status =
      client
          .Run(Finish(Insert(table, Values({kInt4, kInt4}, {{NullLiteral(kInt4), IntLiteral(1)}})),
                      {&table}))
          .status();
  const status::SqlError error = status::FromStatus(status);
  EXPECT_EQ(error.sqlstate, "23502");
  EXPECT_EQ(error.detail, "Failing row contains (null, 1).");
}

TEST_F(StorageTest, PointScanFindsOneRow) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}, {2, 20}}).ok());
  const auto table = client.Table("t");
  const Plan plan = Finish(IndexScan(table, 0, {1}, {Parameter(0, kInt4)}), {&table}, {kInt4});
  EXPECT_THAT(*client.Run(plan, {types::Value::Int(kInt4, 2)}), ElementsAre("20"));
  EXPECT_THAT(*client.Run(plan, {types::Value::Int(kInt4, 5)}), IsEmpty());
  EXPECT_THAT(*client.Run(plan, {types::Value::Null({kInt4, 0})}), IsEmpty());
}

TEST_F(StorageTest, RangesOfSecondaryIndex) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 30}, {2, 20}, {3, 10}, {4, 20}}).ok());
  const auto created = client.Ddl(CreateIndex(client.Table("t").table_id(), "t_b", {1}, false));
  ASSERT_TRUE(created.ok()) << created.status();
  const auto table = client.Table("t");
  Operator scan = IndexScan(table, created->object_id(), {1, 0}, {});
  *scan.mutable_index_scan()->mutable_lower() = IntLiteral(10);
  EXPECT_THAT(*client.Run(Finish(scan, {&table})), ElementsAre("20|2", "20|4", "30|1"));
  scan.mutable_index_scan()->set_lower_inclusive(true);
  *scan.mutable_index_scan()->mutable_upper() = IntLiteral(30);
  scan.mutable_index_scan()->set_index_only(true);
  EXPECT_THAT(*client.Run(Finish(scan, {&table})), ElementsAre("10|3", "20|2", "20|4"));
  scan.mutable_index_scan()->set_descending(true);
  EXPECT_THAT(*client.Run(Finish(scan, {&table})), ElementsAre("20|4", "20|2", "10|3"));
  Operator list = IndexScan(table, created->object_id(), {0}, {});
  for (int value : {30, 20, 30, 99}) *list.mutable_index_scan()->add_any_of() = IntLiteral(value);
  EXPECT_THAT(*client.Run(Finish(list, {&table})), ElementsAre("2", "4", "1"));
}

TEST_F(StorageTest, IndexFollowsUpdatesAndDeletes) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto created = client.Ddl(CreateIndex(client.Table("t").table_id(), "t_b", {1}, true));
  ASSERT_TRUE(created.ok()) << created.status();
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}, {2, 20}}).ok());
  const auto table = client.Table("t");
  ASSERT_EQ(*client.Affect(AddTo(table, 1, 5)), 1u);
  const auto by_b = [&](int64_t b) {
    return *client.Run(
        Finish(IndexScan(table, created->object_id(), {0}, {IntLiteral(b)}), {&table}));
  };
  EXPECT_THAT(by_b(10), IsEmpty());
  EXPECT_THAT(by_b(15), ElementsAre("1"));
  EXPECT_TRUE(HasSqlState(client.Run(AddTo(table, 1, 5)).status(), "23505"));
  ASSERT_EQ(*client.Affect(DeleteKey(table, 2)), 1u);
  EXPECT_THAT(by_b(20), IsEmpty());
  ASSERT_EQ(*client.Affect(AddTo(table, 1, 5)), 1u);
  EXPECT_THAT(by_b(20), ElementsAre("1"));
}

TEST_F(StorageTest, StalePlanIsRefused) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto table = client.Table("t");
  const Plan plan = Finish(SeqScan(table, {0}), {&table});
  ASSERT_TRUE(client.Run(plan).ok());
  common::v1::DdlStatement rename;
  rename.mutable_alter_table()->set_table_id(table.table_id());
  rename.mutable_alter_table()->mutable_rename_column()->set_column(1);
  rename.mutable_alter_table()->mutable_rename_column()->set_name("c");
  ASSERT_TRUE(client.Ddl(rename).ok());
  EXPECT_TRUE(HasSqlState(client.Run(plan).status(), "ADB01"));
}

// What COPY and ANALYZE were authorized for is a table of one version: neither a later version nor
// the table that has taken its name.
TEST_F(StorageTest, StaleBulkAndAnalyzeAreRefused) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto table = client.Table("t");
  const api::TableVersion bound(table.table_id(), table.schema_version());
  const auto open = [&] {
    return client.session().OpenBulkWriter(client.context(), bound, {}, {}).status();
  };
  const auto analyze = [&] { return client.session().Analyze(client.context(), {bound}); };
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(analyze().ok());
  common::v1::DdlStatement rename;
  rename.mutable_alter_table()->set_table_id(table.table_id());
  rename.mutable_alter_table()->mutable_rename_column()->set_column(1);
  rename.mutable_alter_table()->mutable_rename_column()->set_name("c");
  ASSERT_TRUE(client.Ddl(rename).ok());
  EXPECT_TRUE(HasSqlState(open(), "ADB01"));
  EXPECT_TRUE(HasSqlState(analyze(), "ADB01"));
  common::v1::DdlStatement drop;
  drop.mutable_drop_table()->add_tables()->set_name("t");
  ASSERT_TRUE(client.Ddl(drop).ok());
  MakeTable(&client);
  EXPECT_NE(client.Table("t").table_id(), table.table_id());
  EXPECT_FALSE(open().ok());
  EXPECT_FALSE(analyze().ok());
}

TEST_F(StorageTest, DdlIsTransactional) {
  Client client(storage_.get());
  Client other(storage_.get());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  EXPECT_EQ(other.Table("t").table_id(), 0u);
  ASSERT_TRUE(client.session().Rollback(client.context()).ok());
  EXPECT_EQ(client.Table("t").table_id(), 0u);
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{2, 20}}).ok());
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_THAT(other.All("t"), ElementsAre("2|20"));
}

TEST_F(StorageTest, AddedColumnHasItsMissingValueAndDroppedOneGoes) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  common::v1::DdlStatement add;
  add.mutable_alter_table()->set_table_id(client.Table("t").table_id());
  common::v1::ColumnDescriptor* column = add.mutable_alter_table()->mutable_add_column();
  column->set_name("c");
  *column->mutable_type() = types::ToProto(types::Type{TypeId::kText, 0});
  *column->mutable_missing_value() = types::ToProto(types::Value::Text("x"));
  ASSERT_TRUE(client.Ddl(add).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10|x"));
  common::v1::DdlStatement drop;
  drop.mutable_alter_table()->set_table_id(client.Table("t").table_id());
  drop.mutable_alter_table()->set_drop_column(1);
  ASSERT_TRUE(client.Ddl(drop).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|x"));
}

TEST_F(StorageTest, PrimaryKeyAddedLaterOrdersTheRows) {
  {
    Client client(storage_.get());
    ASSERT_TRUE(client.Ddl(CreateTable("h", {{"a", kInt4}, {"b", kInt4}}, {})).ok());
    ASSERT_TRUE(client.InsertInts("h", {{3, 1}, {1, 2}, {2, 3}}).ok());
    EXPECT_THAT(client.All("h"), ElementsAre("3|1", "1|2", "2|3"));
    common::v1::DdlStatement add;
    add.mutable_alter_table()->set_table_id(client.Table("h").table_id());
    add.mutable_alter_table()->mutable_add_primary_key()->add_columns(0);
    const auto added = client.Ddl(add);
    ASSERT_TRUE(added.ok()) << added.status();
    EXPECT_THAT(client.All("h"), ElementsAre("1|2", "2|3", "3|1"));
    EXPECT_TRUE(HasSqlState(client.InsertInts("h", {{1, 9}}), "23505"));
  }
  Reopen();
  Client client(storage_.get());
  EXPECT_THAT(client.All("h"), ElementsAre("1|2", "2|3", "3|1"));
}

TEST_F(StorageTest, TruncateAndCopyInOneTransaction) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  const auto copy = [&](std::vector<int32_t> keys) {
    auto writer =
        client.session().OpenBulkWriter(client.context(), client.Table("t").table_id(), {}, {});
    if (!writer.ok()) return writer.status();
    types::Batch batch;
    for (int c = 0; c < 2; ++c) {
      auto column = std::make_shared<types::Vector>(types::Type{kInt4, 0});
      for (int32_t key : keys) column->Append(types::Value::Int(kInt4, key));
      batch.columns.push_back(column);
    }
    batch.row_count = static_cast<uint32_t>(keys.size());
    absl::Status status = (*writer)->Write(batch);
    return status.ok() ? (*writer)->Finish().status() : status;
  };
  common::v1::DdlStatement truncate;
  truncate.mutable_truncate()->add_table_ids(client.Table("t").table_id());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_TRUE(client.Ddl(truncate).ok());
  ASSERT_TRUE(copy({5, 6, 7}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("5|5", "6|6", "7|7"));
  ASSERT_TRUE(client.session().Rollback(client.context()).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_TRUE(client.Ddl(truncate).ok());
  ASSERT_TRUE(copy({7, 6, 5}).ok());
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("5|5", "6|6", "7|7"));
  EXPECT_TRUE(HasSqlState(copy({8, 8}), "23505"));
  EXPECT_TRUE(HasSqlState(copy({9, 5}), "23505"));
  ASSERT_TRUE(copy({9, 8}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("5|5", "6|6", "7|7", "8|8", "9|9"));
}

TEST_F(StorageTest, IndexBuiltWhileWritersGoOn) {
  {
    Client client(storage_.get());
    MakeTable(&client);
    std::vector<std::vector<int64_t>> rows;
    for (int64_t i = 0; i < 5000; ++i) rows.push_back({i, i % 100});
    ASSERT_TRUE(client.InsertInts("t", rows).ok());
  }
  std::atomic<bool> stop{false};
  std::atomic<int> writes{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      Client client(storage_.get());
      for (int i = 0; !stop; ++i) {
        const auto table = client.Table("t");
        const int64_t key = (i * 37 + w * 2500) % 5000;
        Operator scan = IndexScan(table, 0, {0, 1, UINT32_MAX}, {IntLiteral(key)});
        (void)client.Run(
            Finish(Update(table, scan, {1},
                          {Call("+(int4,int4)", kInt4, {Column(1, kInt4), IntLiteral(1000)})}),
                   {&table}));
        ++writes;
      }
    });
  }
  Client client(storage_.get());
  while (writes < 20) std::this_thread::yield();
  const auto created = client.Ddl(CreateIndex(client.Table("t").table_id(), "t_b", {1}, false));
  EXPECT_TRUE(created.ok()) << created.status();
  const int at_build = writes;
  while (writes < at_build + 20) std::this_thread::yield();
  stop = true;
  for (std::thread& writer : writers) writer.join();
  const auto table = client.Table("t");
  Operator scan = IndexScan(table, created->object_id(), {1, 0}, {});
  scan.mutable_index_scan()->set_index_only(true);
  std::vector<std::string> by_index = *client.Run(Finish(scan, {&table}));
  std::vector<std::string> by_table = *client.Run(Finish(SeqScan(table, {1, 0}), {&table}));
  std::sort(by_index.begin(), by_index.end());
  std::sort(by_table.begin(), by_table.end());
  EXPECT_EQ(by_index, by_table);
}

TEST_F(StorageTest, FailedUniqueIndexLeavesNothing) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 7}, {2, 7}}).ok());
  const auto created = client.Ddl(CreateIndex(client.Table("t").table_id(), "t_b", {1}, true));
  const status::SqlError error = status::FromStatus(created.status());
  EXPECT_EQ(error.sqlstate, "23505");
  EXPECT_EQ(error.message, "could not create unique index \"t_b\"");
  EXPECT_EQ(error.detail, "Key (b)=(7) is duplicated.");
  EXPECT_EQ(client.Table("t").indexes_size(), 0);
}

TEST_F(StorageTest, ForeignKeysAreEnforcedBothWays) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.InsertInts("t", {{1, 10}, {2, 20}}).ok());
  common::v1::DdlStatement create = CreateTable("c", {{"id", kInt4, true}, {"a", kInt4}}, {0});
  auto* key = create.mutable_create_table()->mutable_table()->add_foreign_keys();
  key->add_columns(1);
  key->set_referenced_table_id(client.Table("t").table_id());
  key->add_referenced_columns(0);
  ASSERT_TRUE(client.Ddl(create).ok());
  ASSERT_TRUE(client.InsertInts("c", {{1, 1}}).ok());
  status::SqlError error = status::FromStatus(client.InsertInts("c", {{2, 9}}));
  EXPECT_EQ(error.sqlstate, "23503");
  EXPECT_EQ(error.message,
            "insert or update on table \"c\" violates foreign key constraint \"c_a_fkey\"");
  EXPECT_EQ(error.detail, "Key (a)=(9) is not present in table \"t\".");
  const auto table = client.Table("t");
  error = status::FromStatus(client.Run(DeleteKey(table, 1)).status());
  EXPECT_EQ(error.sqlstate, "23503");
  EXPECT_EQ(error.detail, "Key (a)=(1) is still referenced from table \"c\".");
  EXPECT_EQ(*client.Affect(DeleteKey(table, 2)), 1u);
}

TEST_F(StorageTest, AnalyzeYieldsCountsAndHistograms) {
  Client client(storage_.get());
  MakeTable(&client);
  std::vector<std::vector<int64_t>> rows;
  for (int64_t i = 0; i < 1000; ++i) rows.push_back({i, i % 10});
  ASSERT_TRUE(client.InsertInts("t", rows).ok());
  const uint32_t id = client.Table("t").table_id();
  ASSERT_TRUE(client.session().Analyze(client.context(), {id}).ok());
  const auto statistics = *storage_->GetStatistics(client.context(), 0);
  for (const auto& table : statistics->tables()) {
    if (table.table_id() != id) continue;
    EXPECT_EQ(table.row_count(), 1000);
    ASSERT_EQ(table.columns_size(), 2);
    EXPECT_EQ(table.columns(0).distinct_count(), 1000);
    EXPECT_GT(table.columns(0).histogram_bounds_size(), 50);
    EXPECT_NEAR(table.columns(0).correlation(), 1.0, 1e-6);
    EXPECT_EQ(table.columns(1).distinct_count(), 10);
    EXPECT_EQ(table.columns(1).most_common_values_size(), 10);
  }
  EXPECT_EQ(*storage_->GetStatistics(client.context(), statistics->version()), nullptr);
}

TEST_F(StorageTest, KnobsAreBoundedAndKept) {
  rpc::CallContext context;
  ASSERT_TRUE(storage_->SetKnob(context, "query_memory_bytes", 64 << 20).ok());
  EXPECT_EQ(storage_->SetKnob(context, "query_memory_bytes", 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(storage_->SetKnob(context, "nonsense", 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  Reopen();
  const v1::ListKnobsResponse knobs = *storage_->ListKnobs(context);
  for (const auto& knob : knobs.knobs()) {
    if (knob.name() == "query_memory_bytes") {
      EXPECT_EQ(knob.value(), 64 << 20);
    }
  }
}

TEST_F(StorageTest, ComputedTablesListRelations) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto pg_class = client.Table("pg_class", "pg_catalog");
  Operator scan;
  for (int i : {1, 16}) {
    auto* column = scan.add_output();
    column->set_name(pg_class.columns(i).name());
    *column->mutable_type() = pg_class.columns(i).type();
  }
  scan.mutable_system_scan()->set_table_id(pg_class.table_id());
  for (uint32_t i : {1, 16}) scan.mutable_system_scan()->add_columns(i);
  const auto rows = *client.Run(Finish(scan, {&pg_class}));
  EXPECT_THAT(rows, ::testing::Contains("t|r"));
  EXPECT_THAT(rows, ::testing::Contains("t_pkey|i"));
}

}  // namespace
}  // namespace adbms::storage::testing
