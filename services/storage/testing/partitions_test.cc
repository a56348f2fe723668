// Partitions in the catalog: what they share with their table, and that whoever works with the
// table works with what they are.
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

class PartitionsTest : public StorageTest {
 protected:
  // p(k int4, v int4) PARTITION BY LIST (k), with the default partition p1.
  static void MakePartitioned(Client* client) {
    common::v1::DdlStatement whole = CreateTable("p", {{"k", kInt4}, {"v", kInt4}}, {});
    auto* key = whole.mutable_create_table()->mutable_table()->mutable_partition_key();
    key->set_strategy(common::v1::PartitionKey::STRATEGY_LIST);
    key->add_columns(0);
    ASSERT_TRUE(client->Ddl(whole).ok());
    common::v1::DdlStatement part = CreateTable("p1", {{"k", kInt4}, {"v", kInt4}}, {});
    part.mutable_create_table()->mutable_table()->set_partition_of(client->Table("p").table_id());
    part.mutable_create_table()->mutable_partition_bound()->set_is_default(true);
    const auto made = client->Ddl(part);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  static common::v1::DdlStatement AddColumn(uint32_t table_id, const std::string& name) {
    common::v1::DdlStatement statement;
    statement.mutable_alter_table()->set_table_id(table_id);
    auto* column = statement.mutable_alter_table()->mutable_add_column();
    column->set_name(name);
    *column->mutable_type() = types::ToProto({kInt4, 0});
    return statement;
  }
};

TEST_F(PartitionsTest, AnIndexThatIsAdoptedIsWhoseTheWholeIs) {
  Client client(storage_.get());
  MakePartitioned(&client);
  common::v1::DdlStatement of_part = CreateIndex(client.Table("p1").table_id(), "i", {1}, false);
  of_part.mutable_create_index()->mutable_index()->set_created_by("indexer");
  ASSERT_TRUE(client.Ddl(of_part).ok());
  ASSERT_TRUE(client.Ddl(CreateIndex(client.Table("p").table_id(), "whole", {1}, false)).ok());
  ASSERT_EQ(client.Table("p1").indexes_size(), 1);
  EXPECT_EQ(client.Table("p1").indexes(0).parent_index_id(),
            client.Table("p").indexes(0).index_id());
  EXPECT_EQ(client.Table("p1").indexes(0).created_by(), "");
}

TEST_F(PartitionsTest, AChangeOfOneIsAChangeOfItsTable) {
  Client client(storage_.get());
  MakePartitioned(&client);
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  for (const char* name : {"i", "j"}) {
    const uint64_t version = client.Table("p").schema_version();
    ASSERT_TRUE(client.Ddl(CreateIndex(client.Table("p1").table_id(), name, {1}, false)).ok());
    EXPECT_GT(client.Table("p").schema_version(), version);
  }
  ASSERT_TRUE(client.Ddl(AddColumn(client.Table("p").table_id(), "w")).ok());
  EXPECT_EQ(client.Table("p").columns_size(), 3);
  EXPECT_EQ(client.Table("p1").columns_size(), 3);
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_EQ(client.Table("p1").columns_size(), 3);
}

}  // namespace
}  // namespace adbms::storage::testing
