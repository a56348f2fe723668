// What a process that vanishes leaves behind.
#include "gmock/gmock.h"
#include "services/storage/testing/storage_fixture.h"
#include "services/storage/testing/vanishing_process.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A client of a server on the directory, neither of which will end; null: it could not be opened.
Client* OpenForGood(const std::string& directory) {
  auto opened = server::StorageServer::Open(OptionsFor(directory));
  return opened.ok() ? new Client(opened->release()) : nullptr;
}

// t with a row, and a transaction that is open.
bool StartChanges(Client* client) {
  return client != nullptr &&
         client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok() &&
         client->InsertInts("t", {{1, 10}}).ok() &&
         client->session().Begin(client->context(), {}).ok();
}

TEST(VanishingProcess, DISABLED_CommitsOneRowOfTwo) {
  if (VanishingArguments().empty()) GTEST_SKIP() << "for CrashTest";
  Client* const client = OpenForGood(VanishingArguments());
  Vanish(StartChanges(client) && client->InsertInts("t", {{2, 20}}).ok());
}

TEST(VanishingProcess, DISABLED_ChangesTheCatalog) {
  if (VanishingArguments().empty()) GTEST_SKIP() << "for CrashTest";
  Client* const client = OpenForGood(VanishingArguments());
  if (!StartChanges(client)) Vanish(false);
  common::v1::DdlStatement truncate;
  truncate.mutable_truncate()->add_table_ids(client->Table("t").table_id());
  Vanish(client->Ddl(truncate).ok() &&
         client->Ddl(CreateIndex(client->Table("t").table_id(), "t_b", {1}, false)).ok() &&
         client->Ddl(CreateTable("u", {{"a", kInt4}}, {})).ok());
}

// pg_temp.fires(), with a trigger of a table that stays and of one that does not.
bool MakeTemporaryObjects(Client* client) {
  common::v1::DdlStatement function;
  auto* fires = function.mutable_create_function()->mutable_function();
  fires->set_schema("pg_temp");
  fires->set_name("fires");
  fires->set_kind(common::v1::FunctionDescriptor::KIND_FUNCTION);
  fires->set_returns_trigger(true);
  fires->set_language("plpgsql");
  fires->set_source("BEGIN RETURN NEW; END");
  const auto made = client->Ddl(function);
  common::v1::DdlStatement permanent;
  permanent.mutable_create_trigger()->set_table_id(client->Table("t").table_id());
  auto* trigger = permanent.mutable_create_trigger()->mutable_trigger();
  trigger->set_name("fires");
  trigger->set_function_id(made.ok() ? made->object_id() : 0);
  trigger->set_timing(common::v1::TriggerDescriptor::TIMING_AFTER);
  trigger->set_on_insert(true);
  common::v1::DdlStatement table = CreateTable("u", {{"a", kInt4}}, {});
  table.mutable_create_table()->mutable_table()->set_schema("pg_temp");
  return made.ok() && client->Ddl(permanent).ok() && client->Ddl(table).ok();
}

TEST(VanishingProcess, DISABLED_MakesTemporaryObjects) {
  if (VanishingArguments().empty()) GTEST_SKIP() << "for CrashTest";
  Client* const client = OpenForGood(VanishingArguments());
  Vanish(client != nullptr &&
         client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok() &&
         MakeTemporaryObjects(client));
}

class CrashTest : public StorageTest {
 protected:
  void SetUp() override {}  // The other process opens first.

  // The records of the catalog of these kinds, without a server.
  std::vector<std::string> Records(std::string_view letters) {
    std::vector<std::string> keys;
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    const auto engine = engine::Engine::Open(options);
    if (!engine.ok()) return {std::string(engine.status().message())};
    for (const char letter : letters) {
      const std::string prefix = catalog::SystemKey(letter);
      auto it = (*engine)->NewIterator(nullptr, {prefix, codec::PrefixEnd(prefix)}, {});
      for (it->SeekToFirst(); it->Valid(); it->Next()) keys.push_back(it->key().ToString());
    }
    return keys;
  }
};

TEST_F(CrashTest, AcknowledgedCommitsSurviveAndOthersDoNot) {
  ASSERT_TRUE(RunAndVanish("CommitsOneRowOfTwo", dir_.path()));
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
}

TEST_F(CrashTest, UnfinishedDdlLeavesNothing) {
  ASSERT_TRUE(RunAndVanish("ChangesTheCatalog", dir_.path()));
  Open();
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ElementsAre("1|10"));
  EXPECT_EQ(client.Table("t").indexes_size(), 0);
  EXPECT_EQ(client.Table("u").table_id(), 0u);
}

TEST_F(CrashTest, TemporaryObjectsAreGone) {
  ASSERT_TRUE(RunAndVanish("MakesTemporaryObjects", dir_.path()));
  Open();
  {
    Client client(storage_.get());
    const auto catalog = client.session().GetCatalog(client.context());
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    EXPECT_EQ((*catalog)->functions_size(), 0);
    EXPECT_EQ(client.Table("t").triggers_size(), 0);
    EXPECT_TRUE(client.InsertInts("t", {{1, 10}}).ok());
  }
  storage_.reset();
  EXPECT_THAT(Records("p"), IsEmpty());
}

// As somebody leaves it who changes a database while it is dropped.
TEST_F(CrashTest, NothingStaysOfADatabaseThatIsGone) {
  constexpr uint32_t kGone = 90000;
  Open();
  storage_.reset();
  const std::vector<std::string> before = Records("tpeqs");
  {
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    const auto engine = engine::Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine::WriteBatch batch;
    common::v1::SchemaDescriptor schema;
    schema.set_database_id(kGone);
    schema.set_schema_id(90001);
    schema.set_name("s");
    batch.Put(catalog::SystemKey('s', 90001), schema.SerializeAsString());
    common::v1::FunctionDescriptor function;
    function.set_database_id(kGone);
    function.set_function_id(90002);
    batch.Put(catalog::SystemKey('p', 90002), function.SerializeAsString());
    common::v1::TypeDescriptor type;
    type.set_database_id(kGone);
    type.mutable_declared()->set_oid(90003);
    batch.Put(catalog::SystemKey('e', 90003), type.SerializeAsString());
    common::v1::TableDescriptor table;
    table.set_database_id(kGone);
    table.set_table_id(90004);
    table.set_storage_id(90005);
    table.set_schema("s");
    table.set_name("t");
    batch.Put(catalog::SystemKey('t', 90004), table.SerializeAsString());
    ASSERT_TRUE((*engine)->Write(&batch).ok());
  }
  EXPECT_EQ(Records("tpeqs").size(), before.size() + 4);
  Open();
  storage_.reset();
  EXPECT_EQ(Records("tpeqs"), before);
}

}  // namespace
}  // namespace adbms::storage::testing
