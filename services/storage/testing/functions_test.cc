// Functions and triggers in the catalog: what may replace what, what depends on what, and that a
// plan knows which version of a function it has in it.
#include "common/status/sql_error.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::DdlStatement;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;

class FunctionsTest : public StorageTest {
 protected:
  // public.f(a integer) RETURNS integer.
  static DdlStatement Create(const std::string& name, bool or_replace = false) {
    DdlStatement statement;
    statement.mutable_create_function()->set_or_replace(or_replace);
    FunctionDescriptor* function = statement.mutable_create_function()->mutable_function();
    function->set_schema("public");
    function->set_name(name);
    function->set_kind(FunctionDescriptor::KIND_FUNCTION);
    FunctionArgument* argument = function->add_arguments();
    argument->set_name("a");
    argument->set_mode(FunctionArgument::MODE_IN);
    *argument->mutable_type() = types::ToProto({kInt4, 0});
    *function->mutable_result() = types::ToProto({kInt4, 0});
    function->set_language("sql");
    function->set_source("SELECT 1");
    return statement;
  }
  static DdlStatement CreateTriggerFunction(const std::string& name) {
    DdlStatement statement = Create(name);
    FunctionDescriptor* function = statement.mutable_create_function()->mutable_function();
    function->clear_arguments();
    function->clear_result();
    function->set_returns_trigger(true);
    return statement;
  }
  static DdlStatement Trigger(uint32_t table, uint32_t function, const std::string& name) {
    DdlStatement statement;
    statement.mutable_create_trigger()->set_table_id(table);
    auto* trigger = statement.mutable_create_trigger()->mutable_trigger();
    trigger->set_name(name);
    trigger->set_function_id(function);
    trigger->set_timing(common::v1::TriggerDescriptor::TIMING_AFTER);
    trigger->set_on_insert(true);
    return statement;
  }
  static DdlStatement Drop(uint32_t id, bool cascade) {
    DdlStatement statement;
    statement.mutable_drop_function()->add_function_ids(id);
    statement.mutable_drop_function()->set_cascade(cascade);
    return statement;
  }
  static FunctionDescriptor Find(Client* client, const std::string& name) {
    const auto catalog = client->session().GetCatalog(client->context());
    if (!catalog.ok()) return {};
    for (const auto& function : (*catalog)->functions()) {
      if (function.name() == name) return function;
    }
    return {};
  }
  static std::string State(const absl::StatusOr<v1::DdlResult>& result) {
    return result.ok() ? "" : status::FromStatus(result.status()).sqlstate;
  }
};

TEST_F(FunctionsTest, AreMadeReplacedAndKept) {
  {
    Client client(storage_.get());
    ASSERT_EQ(State(client.Ddl(Create("f"))), "");
    const FunctionDescriptor first = Find(&client, "f");
    EXPECT_GE(first.function_id(), 16384u);
    EXPECT_EQ(State(client.Ddl(Create("f"))), "42723");
    DdlStatement changed = Create("f", /*or_replace=*/true);
    changed.mutable_create_function()->mutable_function()->set_source("SELECT 2");
    ASSERT_EQ(State(client.Ddl(changed)), "");
    const FunctionDescriptor second = Find(&client, "f");
    EXPECT_EQ(second.function_id(), first.function_id());
    EXPECT_GT(second.version(), first.version());
    // Another result or name of an argument would be another function to its callers.
    DdlStatement other = Create("f", /*or_replace=*/true);
    *other.mutable_create_function()->mutable_function()->mutable_result() =
        types::ToProto({TypeId::kText, 0});
    EXPECT_EQ(State(client.Ddl(other)), "42P13");
    other = Create("f", /*or_replace=*/true);
    other.mutable_create_function()->mutable_function()->mutable_arguments(0)->set_name("b");
    EXPECT_EQ(State(client.Ddl(other)), "42P13");
    other = Create("f", /*or_replace=*/true);
    other.mutable_create_function()->mutable_function()->set_kind(
        FunctionDescriptor::KIND_PROCEDURE);
    EXPECT_EQ(State(client.Ddl(other)), "42809");
    ASSERT_EQ(State(client.Ddl(Create("gone"))), "");
    ASSERT_EQ(State(client.Ddl(Drop(Find(&client, "gone").function_id(), false))), "");
  }
  Reopen();
  Client client(storage_.get());
  const FunctionDescriptor kept = Find(&client, "f");
  EXPECT_EQ(kept.source(), "SELECT 2");
  EXPECT_EQ(Find(&client, "gone").function_id(), 0u);
  DdlStatement changed = Create("f", /*or_replace=*/true);
  ASSERT_EQ(State(client.Ddl(changed)), "");
  EXPECT_GT(Find(&client, "f").version(), kept.version());
}

TEST_F(FunctionsTest, ARollbackTakesThemBack) {
  Client client(storage_.get());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_EQ(State(client.Ddl(Create("f"))), "");
  EXPECT_NE(Find(&client, "f").function_id(), 0u);
  ASSERT_TRUE(client.session().Rollback(client.context()).ok());
  EXPECT_EQ(Find(&client, "f").function_id(), 0u);
}

// What no file system could lose any more once it is acknowledged.
TEST_F(FunctionsTest, AnAcknowledgedChangeIsOnDisk) {
  Client client(storage_.get());
  const auto syncs = [&] { return storage_->GetMetrics(client.context())->wal_syncs(); };
  const auto synced = [&](const DdlStatement& statement) {
    const uint64_t before = syncs();
    EXPECT_EQ(State(client.Ddl(statement)), "");
    return syncs() > before;
  };
  EXPECT_TRUE(synced(Create("f")));
  EXPECT_TRUE(synced(Create("f", /*or_replace=*/true)));
  EXPECT_TRUE(synced(Drop(Find(&client, "f").function_id(), /*cascade=*/false)));
  DdlStatement type;
  auto* declared = type.mutable_create_type()->mutable_type()->mutable_declared();
  declared->set_schema("public");
  declared->set_name("mood");
  declared->set_kind(common::v1::DeclaredType::KIND_ENUM);
  EXPECT_TRUE(synced(type));
  DdlStatement drop;
  drop.mutable_drop_type()->set_catalog_version(UINT64_MAX);
  auto* name = drop.mutable_drop_type()->add_types();
  name->set_schema("public");
  name->set_name("mood");
  EXPECT_TRUE(synced(drop));
  // Nothing of these is there after a start.
  DdlStatement temporary = Create("t");
  temporary.mutable_create_function()->mutable_function()->set_schema("pg_temp");
  EXPECT_FALSE(synced(temporary));
}

TEST_F(FunctionsTest, TriggersNeedTheirFunctions) {
  Client client(storage_.get());
  MakeTable(&client);
  const uint32_t table = client.Table("t").table_id();
  ASSERT_EQ(State(client.Ddl(CreateTriggerFunction("fires"))), "");
  ASSERT_EQ(State(client.Ddl(Create("f"))), "");
  const uint32_t fires = Find(&client, "fires").function_id();
  EXPECT_EQ(State(client.Ddl(Trigger(table, Find(&client, "f").function_id(), "x"))), "42P17");
  EXPECT_EQ(State(client.Ddl(Trigger(table, 1, "x"))), "42883");
  const uint64_t version = client.Table("t").schema_version();
  ASSERT_EQ(State(client.Ddl(Trigger(table, fires, "x"))), "");
  ASSERT_EQ(State(client.Ddl(Trigger(table, fires, "a"))), "");
  EXPECT_EQ(State(client.Ddl(Trigger(table, fires, "x"))), "42710");
  EXPECT_GT(client.Table("t").schema_version(), version);
  ASSERT_EQ(client.Table("t").triggers_size(), 2);
  EXPECT_EQ(client.Table("t").triggers(0).name(), "a");
  EXPECT_EQ(State(client.Ddl(Drop(fires, /*cascade=*/false))), "2BP01");
  const auto dropped = client.Ddl(Drop(fires, /*cascade=*/true));
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  EXPECT_EQ(dropped->dropped_size(), 2);
  EXPECT_EQ(client.Table("t").triggers_size(), 0);
}

TEST_F(FunctionsTest, APlanHasOneVersionOfThem) {
  Client client(storage_.get());
  ASSERT_EQ(State(client.Ddl(Create("f"))), "");
  Plan plan = Finish(Values({kInt4}, {{IntLiteral(1)}}), {});
  auto* use = plan.add_functions();
  use->set_function_id(Find(&client, "f").function_id());
  use->set_version(Find(&client, "f").version());
  EXPECT_TRUE(client.Run(plan).ok());
  ASSERT_EQ(State(client.Ddl(Create("f", /*or_replace=*/true))), "");
  const auto stale = client.Run(plan);
  EXPECT_TRUE(status::HasSqlState(stale.status(), status::sqlstate::kStalePlan));
}

}  // namespace
}  // namespace adbms::storage::testing
