// Rewrite rules one by one, each with and without.
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "common/settings/setting_table.h"
#include "common/sql/binder/binder.h"
#include "common/sql/rules/rewriter.h"
#include "common/sql/testing/test_catalog.h"

namespace adbms::sql {
namespace {

using plan::Rel;

// The conditions of the topmost filter or join of a rewritten statement.
std::vector<plan::ExprPtr> ConditionsOf(const std::string& where,
                                        const common::v1::PlannerSwitches& switches) {
  PlanningInput input;
  input.catalog = testing::SampleCatalog();
  input.sql = "SELECT 1 FROM emp e, big b WHERE " + where;
  input.current_user = "joe";
  auto query = binder::Bind(input);
  EXPECT_TRUE(query.ok()) << query.status();
  if (!query.ok()) return {};
  (*query)->switches = switches;
  rules::Rewrite(query->get());
  const Rel* rel = (*query)->root.get();
  while (rel->conditions.empty() && !rel->inputs.empty()) rel = rel->inputs[0].get();
  return rel->conditions;
}

// No other rule moves conditions.
common::v1::PlannerSwitches Only(bool common_conjuncts) {
  common::v1::PlannerSwitches switches;
  switches.add_disabled_rules("predicate_pushdown");
  if (!common_conjuncts) switches.add_disabled_rules("common_conjuncts");
  return switches;
}

TEST(RuleNames, AreWhatTheSettingKnows) {
  EXPECT_EQ(absl::StrJoin(rules::RuleNames(), ","),
            settings::FindSetting("adbms.disabled_rules")->values);
}

TEST(CommonConjuncts, AreTakenOutOfDisjunctions) {
  const std::string where = "(e.id = b.a AND e.sal > 1) OR (e.id = b.a AND b.k > 2)";
  EXPECT_EQ(ConditionsOf(where, Only(true)).size(), 2u);
  EXPECT_EQ(ConditionsOf(where, Only(false)).size(), 1u);
}

TEST(CommonConjuncts, AreFoundInNestedDisjunctions) {
  EXPECT_EQ(ConditionsOf("(e.id = b.a AND e.sal > 1) OR "
                         "((e.id = b.a AND b.k > 2) OR (e.id = b.a AND b.k < 0))",
                         Only(true))
                .size(),
            2u);
}

TEST(CommonConjuncts, ABranchThatAsksNothingElseSettlesTheRest) {
  EXPECT_EQ(ConditionsOf("(e.id = b.a AND e.sal > 1) OR e.id = b.a", Only(true)).size(), 1u);
}

TEST(CommonConjuncts, DifferentOrVolatileOnesStay) {
  EXPECT_EQ(
      ConditionsOf("(e.id = b.a AND e.sal > 1) OR (e.dept_id = b.a AND e.sal > 2)", Only(true))
          .size(),
      1u);
  EXPECT_EQ(
      ConditionsOf("(random() < 0.5 AND e.sal > 1) OR (random() < 0.5 AND e.sal > 2)", Only(true))
          .size(),
      1u);
}

}  // namespace
}  // namespace adbms::sql
