// How the policies of tables become filters and checks of plans.
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

using common::v1::CheckConstraint;

common::v1::PolicyDescriptor* AddPolicy(common::v1::TableDescriptor* table, const std::string& name,
                                        const std::string& command, const std::string& condition) {
  common::v1::PolicyDescriptor* policy = table->add_policies();
  policy->set_name(name);
  policy->set_command(command);
  policy->mutable_using_()->set_sql(condition);
  policy->mutable_using_()->add_search_path("public");
  return policy;
}

// emp is bob's and has policies: one for everybody, one for Ann.
CatalogPtr SecuredCatalog() {
  auto snapshot =
      std::make_shared<common::v1::CatalogSnapshot>(testing::SampleCatalog()->snapshot());
  for (auto& table : *snapshot->mutable_tables()) {
    table.set_owner("bob");
    if (!table.view_sql().empty()) table.add_view_search_path("public");
    if (table.name() != "emp") continue;
    table.set_row_security(true);
    AddPolicy(&table, "own", "*", "name = current_user");
    AddPolicy(&table, "rich", "r", "sal > 100")->add_roles("ann");
    AddPolicy(&table, "short", "*", "note <> 'x'")->set_restrictive(true);
  }
  return std::make_shared<const Catalog>(snapshot);
}

PlanningInput Input(const std::string& sql, const std::string& user = "joe") {
  PlanningInput input;
  input.catalog = SecuredCatalog();
  input.sql = sql;
  input.current_user = user;
  for (const char* role : {"joe", "ann", "bob", "root"}) {
    common::v1::RoleFacts& facts = input.roles.emplace_back();
    facts.set_role(role);
    facts.add_member_of(role);
    facts.set_bypasses(std::string(role) == "root");
  }
  return input;
}

std::string PlanText(const std::string& sql, const std::string& user = "joe") {
  const PlanningInput input = Input(sql, user);
  auto plan = PlanDefault(input);
  if (!plan.ok()) return status::FromStatus(plan.status()).message;
  ExplainOptions options;
  options.costs = false;
  return absl::StrJoin(Explain(*plan, *input.catalog, options, nullptr, 0, 0), "\n");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(RowSecurity, FiltersForWhoIsNotExempt) {
  const std::string joe = PlanText("SELECT id FROM emp");
  EXPECT_TRUE(Has(joe, "note <> 'x'::text") && Has(joe, "CURRENT_USER")) << joe;
  EXPECT_FALSE(Has(joe, "sal")) << joe;
  EXPECT_TRUE(Has(PlanText("SELECT id FROM emp", "ann"), "sal > "));
  EXPECT_FALSE(Has(PlanText("SELECT id FROM emp", "bob"), "Filter"));
  EXPECT_FALSE(Has(PlanText("SELECT id FROM emp", "root"), "Filter"));
}

TEST(RowSecurity, AsksForTheRolesThatItHasToKnow) {
  PlanningInput input = Input("SELECT id FROM emp");
  input.roles.clear();
  const auto unknown = PlanDefault(input);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(status::FromStatus(unknown.status()).sqlstate, kUnknownRole);
  EXPECT_EQ(status::FromStatus(unknown.status()).detail, "joe");
  // A view's owner is bob, who is exempt.
  const auto view = PlanDefault(Input("SELECT * FROM v"));
  ASSERT_TRUE(view.ok()) << view.status();
  ASSERT_EQ(view->roles_size(), 1);
  EXPECT_EQ(view->roles(0).role(), "bob");
  input = Input("SELECT id FROM dept");
  input.roles.clear();
  EXPECT_TRUE(PlanDefault(input).ok());
}

TEST(RowSecurity, LetsOnlyWhatTellsNothingBelow) {
  const std::string looked_up = PlanText("SELECT name FROM emp WHERE id = 5 AND 1 / dept_id > 0");
  EXPECT_TRUE(Has(looked_up, "Index Cond: (id = 5)")) << looked_up;
  // Not in one filter with the policies.
  const size_t policies = looked_up.find("CURRENT_USER");
  ASSERT_NE(policies, std::string::npos) << looked_up;
  const size_t line = looked_up.rfind('\n', policies) + 1;
  EXPECT_EQ(looked_up.substr(line, looked_up.find('\n', policies) - line).find('/'),
            std::string::npos)
      << looked_up;
  EXPECT_LT(looked_up.find(" / "), policies) << looked_up;
}

TEST(RowSecurity, ChecksRowsThatAreWritten) {
  const auto plan = PlanDefault(Input(
      "INSERT INTO emp (id, name) VALUES (1, 'joe') ON CONFLICT (id) DO UPDATE SET note = 'y'"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::map<CheckConstraint::RowSecurity, std::vector<std::string>> names;
  for (const auto& check : plan->root().insert().checks())
    names[check.row_security()].push_back(check.name());
  const std::vector<std::string> both = {"", "short", "", "short"};  // Those for SELECT, too.
  EXPECT_EQ(names[CheckConstraint::ROW_SECURITY_WRITTEN], both);
  EXPECT_EQ(names[CheckConstraint::ROW_SECURITY_EXISTING], both);
  EXPECT_EQ(names[CheckConstraint::ROW_SECURITY_CHANGED], both);
  const auto update = PlanDefault(Input("UPDATE emp SET note = 'y'"));
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->root().update().checks_size(), 3);  // With the table's own.
  EXPECT_TRUE(update->root().update().has_recheck());
}

TEST(RowSecurity, IsAnErrorWhereItIsOff) {
  PlanningInput input = Input("DELETE FROM emp");
  input.switches.set_no_row_security(true);
  const auto plan = PlanDefault(input);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(status::FromStatus(plan.status()).sqlstate, "42501");
  input.current_user = "root";
  EXPECT_TRUE(PlanDefault(input).ok());
}

TEST(ColumnUses, AreWhatAStatementNames) {
  const auto uses = [](const std::string& sql) {
    const auto plan = PlanDefault(Input(sql, "root"));
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::vector<std::string> found;
    for (const auto& use : plan->tables()) {
      for (const auto& columns : use.columns())
        found.push_back(use.name() + " " + common::v1::Privilege_Name(columns.privilege()) + " " +
                        absl::StrJoin(columns.columns(), ","));
    }
    return absl::StrJoin(found, "; ");
  };
  EXPECT_EQ(uses("SELECT name FROM emp WHERE id = 1"), "public.emp PRIVILEGE_SELECT 0,1");
  EXPECT_EQ(uses("SELECT count(*) FROM emp"), "public.emp PRIVILEGE_SELECT ");
  EXPECT_EQ(uses("UPDATE emp SET note = name"),
            "public.emp PRIVILEGE_SELECT 1; public.emp PRIVILEGE_UPDATE 5");
  EXPECT_EQ(uses("UPDATE emp SET note = 'x' WHERE true"), "public.emp PRIVILEGE_UPDATE 5");
  EXPECT_EQ(uses("INSERT INTO emp (id, name) VALUES (1, 'x') RETURNING note"),
            "public.emp PRIVILEGE_SELECT 5; public.emp PRIVILEGE_INSERT 0,1");
}

}  // namespace
}  // namespace adbms::sql
