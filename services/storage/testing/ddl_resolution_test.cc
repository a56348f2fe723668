// A change of the catalog is made to what it was authorized for, or not at all.
#include "common/status/sql_error.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::DdlStatement;
using common::v1::ResolvedObject;

class DdlResolutionTest : public StorageTest {
 protected:
  static void Expect(ResolvedObject::Kind kind, const std::string& name, uint32_t id,
                     uint64_t version, DdlStatement* statement) {
    ResolvedObject* object = statement->mutable_resolution()->add_objects();
    object->set_kind(kind);
    if (kind != ResolvedObject::KIND_SCHEMA && !name.empty()) object->set_schema("public");
    object->set_name(name);
    object->set_object_id(id);
    object->set_version(version);
  }
  static DdlStatement Drop(const std::string& name) {
    DdlStatement statement;
    auto* table = statement.mutable_drop_table()->add_tables();
    table->set_schema("public");
    table->set_name(name);
    statement.mutable_drop_table()->set_if_exists(true);
    return statement;
  }
  static bool IsStale(const absl::Status& status) {
    return status::HasSqlState(status, status::sqlstate::kStalePlan);
  }
};

TEST_F(DdlResolutionTest, ANameThatMeantNothingMeansNothing) {
  Client client(storage_.get());
  DdlStatement drop = Drop("t");
  Expect(ResolvedObject::KIND_RELATION, "t", 0, 0, &drop);
  EXPECT_TRUE(client.Ddl(drop).ok());
  MakeTable(&client);
  EXPECT_TRUE(IsStale(client.Ddl(drop).status()));
  EXPECT_EQ(client.Table("t").name(), "t");
}

TEST_F(DdlResolutionTest, AnObjectIsItsNumberInItsVersion) {
  Client client(storage_.get());
  MakeTable(&client);
  const auto table = client.Table("t");
  DdlStatement drop = Drop("t");
  Expect(ResolvedObject::KIND_RELATION, "t", table.table_id(), table.schema_version(), &drop);
  // Another owner is another version.
  DdlStatement alter;
  alter.mutable_alter_table()->set_table_id(table.table_id());
  alter.mutable_alter_table()->set_owner("somebody");
  Expect(ResolvedObject::KIND_RELATION, "", table.table_id(), table.schema_version(), &alter);
  ASSERT_TRUE(client.Ddl(alter).ok());
  EXPECT_TRUE(IsStale(client.Ddl(drop).status()));
  EXPECT_TRUE(IsStale(client.Ddl(alter).status()));
  // So is what came in the place of a dropped one.
  drop.mutable_resolution()->mutable_objects(0)->set_version(0);
  ASSERT_TRUE(client.Ddl(drop).ok());
  MakeTable(&client);
  EXPECT_TRUE(IsStale(client.Ddl(drop).status()));
  EXPECT_NE(client.Table("t").table_id(), table.table_id());
}

TEST_F(DdlResolutionTest, InATransactionTheRestOfItStands) {
  Client client(storage_.get());
  MakeTable(&client);
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  DdlStatement stale = Drop("t");
  Expect(ResolvedObject::KIND_RELATION, "t", 1, 1, &stale);
  EXPECT_TRUE(IsStale(client.Ddl(stale).status()));
  ASSERT_TRUE(client.Ddl(CreateTable("u", {{"a", kInt4, true}}, {0})).ok());
  ASSERT_TRUE(client.session().Commit(client.context()).ok());
  EXPECT_EQ(client.Table("t").name(), "t");
  EXPECT_EQ(client.Table("u").name(), "u");
}

TEST_F(DdlResolutionTest, SchemasAndIndexesToo) {
  Client client(storage_.get());
  MakeTable(&client);
  DdlStatement schema;
  schema.mutable_create_schema()->set_name("s");
  Expect(ResolvedObject::KIND_SCHEMA, "s", 0, 0, &schema);
  ASSERT_TRUE(client.Ddl(schema).ok());
  EXPECT_TRUE(IsStale(client.Ddl(schema).status()));
  DdlStatement drop;
  drop.mutable_drop_schema()->add_names("s");
  Expect(ResolvedObject::KIND_SCHEMA, "s", 7, 0, &drop);
  EXPECT_TRUE(IsStale(client.Ddl(drop).status()));

  const auto table = client.Table("t");
  DdlStatement index;
  index.mutable_create_index()->set_table_id(table.table_id());
  index.mutable_create_index()->mutable_index()->set_name("i");
  index.mutable_create_index()->mutable_index()->add_columns(1);
  Expect(ResolvedObject::KIND_RELATION, "", table.table_id(), table.schema_version() + 1, &index);
  EXPECT_TRUE(IsStale(client.Ddl(index).status()));  // Built online.
  index.mutable_resolution()->mutable_objects(0)->set_version(table.schema_version());
  ASSERT_TRUE(client.Ddl(index).ok());
  DdlStatement drop_index;
  auto* name = drop_index.mutable_drop_index()->add_indexes();
  name->set_schema("public");
  name->set_name("i");
  Expect(ResolvedObject::KIND_INDEX, "i", 0, 0, &drop_index);
  EXPECT_TRUE(IsStale(client.Ddl(drop_index).status()));
  EXPECT_EQ(client.Table("t").indexes_size(), 1);
}

}  // namespace
}  // namespace adbms::storage::testing
