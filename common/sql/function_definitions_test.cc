// CREATE FUNCTION and CREATE TRIGGER, from the statement to the descriptor.
#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"
#include "common/status/sql_error.h"
#include "gtest/gtest.h"

namespace adbms::sql {
namespace {

using common::v1::DdlStatement;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;

// The sample catalog with functions fires() RETURNS trigger, f(integer) and f(text).
CatalogPtr WithFunctions() {
  auto snapshot =
      std::make_shared<common::v1::CatalogSnapshot>(testing::SampleCatalog()->snapshot());
  const auto add = [&](uint32_t id, const std::string& name, types::TypeId type) {
    FunctionDescriptor* function = snapshot->add_functions();
    function->set_function_id(id);
    function->set_schema("public");
    function->set_name(name);
    function->set_kind(FunctionDescriptor::KIND_FUNCTION);
    function->set_version(id);
    if (type == types::TypeId::kUnspecified) {
      function->set_returns_trigger(true);
      return;
    }
    FunctionArgument* argument = function->add_arguments();
    argument->set_mode(FunctionArgument::MODE_IN);
    *argument->mutable_type() = types::ToProto({type, 0});
    *function->mutable_result() = types::ToProto({type, 0});
  };
  add(20001, "fires", types::TypeId::kUnspecified);
  add(20002, "f", types::TypeId::kInt4);
  add(20003, "f", types::TypeId::kText);
  return std::make_shared<Catalog>(std::move(snapshot));
}

absl::StatusOr<DdlStatement> Bind(const std::string& sql) {
  const auto statements = Parse(sql);
  if (!statements.ok()) return statements.status();
  PlanningInput input;
  input.sql = sql;
  input.catalog = WithFunctions();
  input.search_path = {"public"};
  input.current_user = "adbms";
  const auto bound = BindDdl(input);
  if (!bound.ok()) return bound.status();
  EXPECT_EQ(bound->size(), 1u) << sql;
  return bound->front();
}

FunctionDescriptor FunctionOf(const std::string& sql) {
  const auto statement = Bind(sql);
  EXPECT_TRUE(statement.ok()) << sql << statement.status();
  return statement.ok() ? statement->create_function().function() : FunctionDescriptor();
}

std::string StateOf(const std::string& sql) {
  const auto statement = Bind(sql);
  return statement.ok() ? "" : status::FromStatus(statement.status()).sqlstate;
}

TEST(FunctionDefinitions, ArgumentsAndResults) {
  const FunctionDescriptor f = FunctionOf(
      "CREATE OR REPLACE FUNCTION g(a int, b numeric(9,2) DEFAULT round(1.5, 1), INOUT c text = "
      "'x, (y)', OUT d int) LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER COST 5 SET work_mem TO "
      "'1MB' AS $$BEGIN d := 1; END$$");
  EXPECT_EQ(f.schema(), "public");
  EXPECT_EQ(f.owner(), "adbms");
  ASSERT_EQ(f.arguments_size(), 4);
  EXPECT_EQ(f.arguments(1).default_sql(), "round(1.5, 1)");
  EXPECT_EQ(f.arguments(1).type().modifier(), 0);
  EXPECT_EQ(f.arguments(2).default_sql(), "'x, (y)'");
  EXPECT_EQ(f.arguments(2).mode(), FunctionArgument::MODE_INOUT);
  EXPECT_EQ(f.arguments(3).mode(), FunctionArgument::MODE_OUT);
  EXPECT_FALSE(f.has_result());  // A record of the outputs.
  EXPECT_EQ(SignatureOf(f), "g(integer,numeric,text)");
  EXPECT_EQ(f.source(), "BEGIN d := 1; END");
  EXPECT_EQ(f.volatility(), FunctionDescriptor::VOLATILITY_STABLE);
  EXPECT_TRUE(f.strict());
  EXPECT_TRUE(f.security_definer());
  EXPECT_EQ(f.cost(), 5);
  ASSERT_EQ(f.settings_size(), 1);
  EXPECT_EQ(f.settings(0).value(), "1MB");

  const FunctionDescriptor rows =
      FunctionOf("CREATE FUNCTION g(n int) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'");
  EXPECT_TRUE(rows.returns_set());
  EXPECT_TRUE(rows.has_result());
  EXPECT_EQ(rows.arguments(1).mode(), FunctionArgument::MODE_TABLE);
  EXPECT_TRUE(FunctionOf("CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
                  .returns_trigger());
  const FunctionDescriptor column = FunctionOf(
      "CREATE FUNCTION g(a emp.name%TYPE) RETURNS emp.id%TYPE LANGUAGE plpgsql AS 'BEGIN END'");
  EXPECT_EQ(SignatureOf(column), "g(character varying)");
}

TEST(FunctionDefinitions, StandardBodies) {
  const FunctionDescriptor f =
      FunctionOf("CREATE FUNCTION g(\"return\" int) RETURNS int RETURN \"return\" + 1");
  EXPECT_TRUE(f.standard_body());
  EXPECT_EQ(f.language(), "sql");
  EXPECT_EQ(f.source(), "RETURN \"return\" + 1");
  EXPECT_EQ(FunctionOf("CREATE PROCEDURE g() BEGIN ATOMIC SELECT 1; SELECT 2; END").source(),
            "BEGIN ATOMIC SELECT 1; SELECT 2; END");
}

TEST(FunctionDefinitions, Errors) {
  const std::pair<const char*, const char*> kErrors[] = {
      {"CREATE FUNCTION g() RETURNS int LANGUAGE sql", "42P13"},
      {"CREATE FUNCTION g() LANGUAGE sql AS 'SELECT 1'", "42P13"},
      {"CREATE FUNCTION g() RETURNS int LANGUAGE perl AS 'x'", "42704"},
      {"CREATE FUNCTION g() RETURNS int LANGUAGE c AS 'x'", "0A000"},
      {"CREATE FUNCTION g(a \"any\") RETURNS int LANGUAGE sql AS 'SELECT 1'", "0A000"},
      {"CREATE FUNCTION g(a int, a text) RETURNS int LANGUAGE sql AS 'SELECT 1'", "42P13"},
      {"CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELEC'", "42601"},
      {"CREATE FUNCTION g() RETURNS int LANGUAGE sql SET nosuch TO 1 AS 'SELECT 1'", "42704"},
      {"DROP FUNCTION f", "42725"},
      {"DROP FUNCTION f(bigint)", "42883"},
      {"DROP PROCEDURE f(int)", "42809"},
      {"ALTER FUNCTION nosuch STABLE", "42883"},
  };
  for (const auto& [sql, state] : kErrors) EXPECT_EQ(StateOf(sql), state) << sql;
}

TEST(FunctionDefinitions, AlterationsAndDropsAreResolved) {
  const auto drop = Bind("DROP FUNCTION IF EXISTS f(int), nosuch(int)");
  ASSERT_TRUE(drop.ok()) << drop.status();
  ASSERT_EQ(drop->drop_function().function_ids_size(), 1);
  EXPECT_EQ(drop->drop_function().function_ids(0), 20002u);
  ASSERT_EQ(drop->drop_function().notices_size(), 1);
  EXPECT_EQ(drop->drop_function().notices(0),
            "function nosuch(pg_catalog.int4) does not exist, skipping");
  ASSERT_EQ(drop->resolution().objects_size(), 1);
  EXPECT_EQ(drop->resolution().objects(0).name(), "f(integer)");
  EXPECT_EQ(drop->resolution().objects(0).version(), 20002u);
  const auto alter = Bind("ALTER FUNCTION f(text) RENAME TO g");
  ASSERT_TRUE(alter.ok()) << alter.status();
  EXPECT_EQ(alter->alter_function().function().function_id(), 20003u);
  EXPECT_EQ(alter->alter_function().function().name(), "g");
  EXPECT_EQ(alter->resolution().objects(0).name(), "f(text)");
}

TEST(TriggerDefinitions, WhatFiresWhen) {
  const auto statement = Bind(
      "CREATE TRIGGER t AFTER UPDATE OF name, id OR DELETE ON emp FOR EACH ROW WHEN (OLD.id > 1) "
      "EXECUTE FUNCTION fires('a', 5)");
  ASSERT_TRUE(statement.ok()) << statement.status();
  const auto& trigger = statement->create_trigger().trigger();
  EXPECT_EQ(trigger.function_id(), 20001u);
  EXPECT_EQ(trigger.timing(), common::v1::TriggerDescriptor::TIMING_AFTER);
  EXPECT_TRUE(trigger.on_update() && trigger.on_delete() && !trigger.on_insert());
  EXPECT_EQ(trigger.columns_size(), 2);
  EXPECT_EQ(trigger.when_sql(), "old.id > 1");
  ASSERT_EQ(trigger.arguments_size(), 2);
  EXPECT_EQ(trigger.arguments(1), "5");
  EXPECT_EQ(trigger.enabled(), "O");
}

TEST(TriggerDefinitions, Errors) {
  const std::string kBefore = "CREATE TRIGGER t BEFORE INSERT ON emp FOR EACH ROW ";
  const std::pair<std::string, const char*> kErrors[] = {
      {kBefore + "EXECUTE FUNCTION nosuch()", "42883"},
      {kBefore + "WHEN (old.id > 1) EXECUTE FUNCTION fires()", "42P17"},
      {kBefore + "WHEN (new.id) EXECUTE FUNCTION fires()", "42804"},
      {kBefore + "WHEN (id > 1) EXECUTE FUNCTION fires()", "42702"},
      {kBefore + "WHEN (new.id > (SELECT 1)) EXECUTE FUNCTION fires()", "0A000"},
      {"CREATE TRIGGER t BEFORE INSERT ON emp WHEN (new.id > 1) EXECUTE FUNCTION fires()", "42P17"},
      {"CREATE TRIGGER t BEFORE TRUNCATE ON emp FOR EACH ROW EXECUTE FUNCTION fires()", "0A000"},
      {"CREATE TRIGGER t INSTEAD OF INSERT ON emp FOR EACH ROW EXECUTE FUNCTION fires()", "42809"},
      {"DROP TRIGGER t ON emp", "42704"},
      {"ALTER TABLE emp DISABLE TRIGGER t", "42704"},
  };
  for (const auto& [sql, state] : kErrors) EXPECT_EQ(StateOf(sql), state) << sql;
  const auto wrong = Bind(kBefore + "WHEN (1 = 1 AND new.nosuch > 1) EXECUTE FUNCTION fires()");
  ASSERT_FALSE(wrong.ok());
  const status::SqlError error = status::FromStatus(wrong.status());
  EXPECT_EQ(error.sqlstate, "42703");
  EXPECT_EQ(error.position, static_cast<int>(kBefore.size()) + 17);
}

}  // namespace
}  // namespace adbms::sql
