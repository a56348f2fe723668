// Indexes that are filled by sorting: what they leave in the engine's spaces and on disk, whole,
// failed or unfinished.
#include <filesystem>
#include <map>
#include <thread>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::IndexDescriptor;
using status::HasSqlState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int kRows = 80000;  // More than are entered one by one.

class IndexBuildTest : public StorageTest {
 protected:
  // Rows (i, i * 7 modulo `modulus`).
  static bool Fill(Client* client, int64_t modulus) {
    bool ok = client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok();
    for (int64_t first = 0; first < kRows && ok; first += 5000) {
      std::vector<std::vector<int64_t>> rows;
      for (int64_t i = first; i < first + 5000; ++i) rows.push_back({i, i * 7 % modulus});
      ok = client->InsertInts("t", rows).ok();
    }
    return ok;
  }
  // How many keys there are in each space, but for the system's. Closes the server.
  std::map<uint32_t, int> Spaces() {
    storage_.reset();
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    auto engine = engine::Engine::Open(options);
    EXPECT_TRUE(engine.ok()) << engine.status();
    std::map<uint32_t, int> spaces;
    auto it =
        (*engine)->NewIterator(nullptr, {codec::SpaceBegin(1), codec::SpaceBegin(1u << 31)}, {});
    for (it->SeekToFirst(); it->Valid(); it->Next())
      ++spaces[codec::SpaceOf(engine::ToView(it->key()))];
    return spaces;
  }
  bool NoFilesLeft() const { return std::filesystem::is_empty(dir_.path() + "/tmp"); }
};

TEST_F(IndexBuildTest, AWholeIndexHasAnEntryForEachRowAndNothingElseIsLeft) {
  uint32_t rows = 0, plain = 0, unique = 0;
  {
    Client client(storage_.get());
    ASSERT_TRUE(Fill(&client, kRows));
    const auto table = client.Table("t");
    const auto one = client.Ddl(CreateIndex(table.table_id(), "t_b", {1}, false));
    ASSERT_TRUE(one.ok()) << one.status();
    const auto other = client.Ddl(CreateIndex(table.table_id(), "t_u", {1, 0}, true));
    ASSERT_TRUE(other.ok()) << other.status();
    rows = table.storage_id();
    plain = one->object_id();
    unique = other->object_id();
    const auto now = client.Table("t");
    for (const IndexDescriptor& index : now.indexes()) {
      EXPECT_EQ(index.state(), IndexDescriptor::STATE_PUBLIC);
      EXPECT_EQ(index.delta_id(), 0u);
    }
    Operator scan = IndexScan(now, plain, {1, 0}, {IntLiteral(700)});
    EXPECT_THAT(*client.Run(Finish(scan, {&now})), ElementsAre("700|100"));
  }
  EXPECT_TRUE(NoFilesLeft());
  EXPECT_THAT(Spaces(), ElementsAre(Pair(rows, kRows), Pair(plain, kRows), Pair(unique, kRows)));
}

TEST_F(IndexBuildTest, ADuplicateLeavesNothing) {
  uint32_t rows = 0;
  {
    Client client(storage_.get());
    ASSERT_TRUE(Fill(&client, kRows - 1));
    const auto table = client.Table("t");
    rows = table.storage_id();
    const auto made = client.Ddl(CreateIndex(table.table_id(), "t_b", {1}, true));
    const status::SqlError error = status::FromStatus(made.status());
    EXPECT_EQ(error.sqlstate, "23505");
    EXPECT_EQ(error.message, "could not create unique index \"t_b\"");
    EXPECT_EQ(error.detail, "Key (b)=(0) is duplicated.");
    EXPECT_EQ(client.Table("t").indexes_size(), 0);
  }
  EXPECT_TRUE(NoFilesLeft());
  EXPECT_THAT(Spaces(), ElementsAre(Pair(rows, kRows)));
}

TEST_F(IndexBuildTest, ACancelledBuildLeavesNothing) {
  uint32_t rows = 0;
  {
    Client client(storage_.get()), watcher(storage_.get());
    ASSERT_TRUE(Fill(&client, kRows));
    rows = client.Table("t").storage_id();
    const uint32_t id = client.Table("t").table_id();
    absl::Status status;
    // Some may be ready before they are cancelled.
    for (int attempt = 0; attempt < 50 && status.ok(); ++attempt) {
      rpc::CallContext context = client.context();
      context.cancellation = std::make_shared<rpc::Cancellation>();
      const std::string name = "t_" + std::to_string(attempt);
      std::thread builder([&] {
        status = client.session().ExecuteDdl(context, CreateIndex(id, name, {1}, false)).status();
      });
      while (watcher.Table("t").indexes_size() == 0) std::this_thread::yield();
      context.cancellation->Cancel();
      builder.join();
      if (!status.ok()) break;
      common::v1::DdlStatement drop;
      drop.mutable_drop_index()->add_indexes()->set_name(name);
      ASSERT_TRUE(client.Ddl(drop).ok());
    }
    EXPECT_TRUE(HasSqlState(status, "57014")) << status;
    EXPECT_EQ(client.Table("t").indexes_size(), 0);
    EXPECT_TRUE(client.InsertInts("t", {{kRows, 1}}).ok());
  }
  EXPECT_TRUE(NoFilesLeft());
  EXPECT_THAT(Spaces(), ElementsAre(Pair(rows, kRows + 1)));
}

// As a process leaves it that ends in either of the states.
TEST_F(IndexBuildTest, TheNextStartClearsAnUnfinishedOne) {
  common::v1::TableDescriptor table;
  {
    Client client(storage_.get());
    MakeTable(&client);
    ASSERT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
    table = client.Table("t");
  }
  for (const auto state : {IndexDescriptor::STATE_BUILDING, IndexDescriptor::STATE_WRITE_ONLY}) {
    storage_.reset();
    {
      engine::EngineOptions options;
      options.data_dir = dir_.path();
      auto engine = engine::Engine::Open(options);
      ASSERT_TRUE(engine.ok()) << engine.status();
      common::v1::TableDescriptor unfinished = table;
      IndexDescriptor* index = unfinished.add_indexes();
      index->set_index_id(20000);
      index->set_delta_id(20001);
      index->set_name("t_b");
      index->add_columns(1);
      index->set_state(state);
      engine::WriteBatch batch;
      batch.Put(catalog::SystemKey('t', table.table_id()), unfinished.SerializeAsString());
      for (const uint32_t space : {20000, 20001}) batch.Put(codec::SpaceBegin(space) + "x", "");
      ASSERT_TRUE((*engine)->Write(&batch).ok());
      const auto writer = (*engine)->NewSortedFiles(dir_.path() + "/tmp/index-20000-0", false);
      ASSERT_TRUE(writer->Add(codec::SpaceBegin(20000) + "y", "").ok());
      auto files = writer->Finish();
      ASSERT_TRUE(files.ok()) << files.status();
      std::filesystem::copy(files->paths()[0], dir_.path() + "/tmp/index-20000-1-0.sst");
    }
    Open();
    {
      Client client(storage_.get());
      EXPECT_EQ(client.Table("t").indexes_size(), 0);
      EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
    }
    EXPECT_TRUE(NoFilesLeft());
    EXPECT_THAT(Spaces(), ElementsAre(Pair(table.storage_id(), 1)));
  }
}

}  // namespace
}  // namespace adbms::storage::testing
