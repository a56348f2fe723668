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

// Whether a lateral join is left in the rewritten statement.
bool HasLateralJoin(const Rel& rel) {
  bool found = rel.kind == Rel::Kind::kJoin && rel.lateral;
  for (const plan::RelPtr& input : rel.inputs) found = found || HasLateralJoin(*input);
  return found;
}

bool StaysLateral(const std::string& from, const std::string& disabled = "") {
  PlanningInput input;
  input.catalog = testing::SampleCatalog();
  input.sql = "SELECT * FROM emp e " + from;
  input.current_user = "joe";
  auto query = binder::Bind(input);
  EXPECT_TRUE(query.ok()) << query.status();
  if (!query.ok()) return false;
  if (!disabled.empty()) (*query)->switches.add_disabled_rules(disabled);
  rules::Rewrite(query->get());
  return HasLateralJoin(*(*query)->root);
}

TEST(LateralToJoin, WhatOnlyAsksSomethingOfTheLeftIsAJoin) {
  const std::string plain = "CROSS JOIN LATERAL (SELECT b.k FROM big b WHERE b.a = e.id) s";
  EXPECT_FALSE(StaysLateral(plain));
  EXPECT_TRUE(StaysLateral(plain, "lateral_to_join"));
  EXPECT_FALSE(
      StaysLateral("LEFT JOIN LATERAL (SELECT b.k FROM big b WHERE b.a = e.id) s ON true"));
  EXPECT_FALSE(StaysLateral(", LATERAL (SELECT b.k + e.id AS n FROM big b WHERE b.a = e.id) s"));
}

TEST(LateralToJoin, WhatDependsOnTheRowOtherwiseStays) {
  EXPECT_TRUE(StaysLateral(", LATERAL (SELECT b.k FROM big b WHERE b.a = e.id LIMIT 1) s"));
  EXPECT_TRUE(StaysLateral(", LATERAL (SELECT count(*) FROM big b WHERE b.a = e.id) s"));
  EXPECT_TRUE(StaysLateral(
      "LEFT JOIN LATERAL (SELECT b.k + e.id AS n FROM big b WHERE b.a = e.id) s ON true"));
  EXPECT_TRUE(StaysLateral(", LATERAL (SELECT random() FROM big b WHERE b.a = e.id) s"));
}

TEST(LateralToJoin, FunctionsAreNoJoins) {
  EXPECT_FALSE(StaysLateral(", generate_series(1, e.id) g"));
  EXPECT_FALSE(StaysLateral("LEFT JOIN LATERAL generate_series(1, e.id) g ON true"));
  EXPECT_FALSE(
      StaysLateral(", LATERAL (SELECT g * 2 FROM generate_series(1, e.id) g WHERE g > 1) s"));
}

}  // namespace
}  // namespace adbms::sql
