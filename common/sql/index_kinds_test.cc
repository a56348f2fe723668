// Indexes on expressions and partial indexes, from their statement to the plan: what is kept, how
// it is printed, and which conditions lead to it.
#include "common/sql/catalog/index_keys.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/plan/implication.h"
#include "common/sql/plan/index_form.h"
#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"
#include "common/status/sql_error.h"
#include "gtest/gtest.h"

namespace adbms::sql {
namespace {

using common::v1::IndexDescriptor;

PlanningInput InputFor(const std::string& sql, CatalogPtr catalog = testing::SampleCatalog()) {
  PlanningInput input;
  input.sql = sql;
  input.catalog = std::move(catalog);
  input.current_user = "adbms";
  return input;
}

absl::StatusOr<IndexDescriptor> IndexOf(const std::string& definition) {
  const auto statements = BindDdl(InputFor("CREATE INDEX ON emp " + definition));
  if (!statements.ok()) return statements.status();
  return statements->front().create_index().index();
}

const common::v1::TableDescriptor& Emp() {
  static const CatalogPtr catalog = testing::SampleCatalog();
  return *catalog->FindTable("public", "emp");
}

plan::ExprPtr Condition(const std::string& where) {
  const auto index = IndexOf("(id) WHERE " + where);
  EXPECT_TRUE(index.ok()) << where << ": " << index.status();
  const auto form = plan::FormOf(*index, [](uint32_t ordinal) {
    return plan::MakeColumn(ordinal,
                            types::FromProto(Emp().columns(static_cast<int>(ordinal)).type()));
  });
  EXPECT_TRUE(form.ok()) << form.status();
  return form->predicate;
}

bool Implies(const std::string& given, const std::string& predicate) {
  std::vector<plan::ExprPtr> conditions;
  plan::SplitConjunction(Condition(given), &conditions);
  return plan::Implies(conditions, Condition(predicate));
}

std::string Shown(const std::string& definition) {
  const auto index = IndexOf(definition);
  if (!index.ok()) return std::string(index.status().message());
  const auto name = [](uint32_t ordinal) {
    return Emp().columns(static_cast<int>(ordinal)).name();
  };
  std::string text;
  for (const auto& expression : index->expressions())
    text += explain::DeparseKey(expression, name, false) + ";";
  if (index->has_predicate())
    text += "WHERE " + explain::DeparseDefinition(index->predicate(), name, false);
  return text;
}

TEST(IndexKindsTest, ComparisonsImplyWiderOnes) {
  EXPECT_TRUE(Implies("id = 5", "id = 5"));
  EXPECT_TRUE(Implies("id = 5 AND name = 'x'", "id > 4"));
  EXPECT_TRUE(Implies("id > 5", "id > 5"));
  EXPECT_TRUE(Implies("id > 6", "id >= 6"));
  EXPECT_TRUE(Implies("6 < id", "id >= 6"));
  EXPECT_TRUE(Implies("id < 3", "id <> 3"));
  EXPECT_TRUE(Implies("id BETWEEN 4 AND 6", "id > 3 AND id < 7"));
  EXPECT_TRUE(Implies("name > 'm'", "name > 'k'"));
  EXPECT_FALSE(Implies("id >= 5", "id > 5"));
  EXPECT_FALSE(Implies("id > 4", "id > 5"));
  EXPECT_FALSE(Implies("id <= 3", "id <> 3"));
  EXPECT_FALSE(Implies("dept_id > 6", "id > 5"));
  EXPECT_FALSE(Implies("id > 6", "id < 9"));
  EXPECT_FALSE(Implies("id <> 4", "id = 5"));
}

TEST(IndexKindsTest, NullTests) {
  EXPECT_TRUE(Implies("note = 'x'", "note IS NOT NULL"));
  EXPECT_TRUE(Implies("lower(note) = 'x'", "note IS NOT NULL"));
  EXPECT_TRUE(Implies("note IN ('a', 'b')", "note IS NOT NULL"));
  EXPECT_TRUE(Implies("note IS NULL", "note IS NULL"));
  EXPECT_FALSE(Implies("coalesce(note, 'x') = 'x'", "note IS NOT NULL"));
  EXPECT_FALSE(Implies("note IS NULL OR note = 'x'", "note IS NOT NULL"));
  EXPECT_FALSE(Implies("id = 1", "note IS NOT NULL"));
}

TEST(IndexKindsTest, AndOrIn) {
  EXPECT_TRUE(Implies("id = 1 OR id = 2", "id < 3"));
  EXPECT_TRUE(Implies("id = 1", "id = 1 OR name = 'x'"));
  EXPECT_TRUE(Implies("id IN (1, 2)", "id IN (1, 2, 3)"));
  EXPECT_TRUE(Implies("id = 2", "id IN (1, 2, 3)"));
  EXPECT_TRUE(Implies("id IN (7, 8)", "id > 6"));
  EXPECT_FALSE(Implies("id IN (1, 4)", "id IN (1, 2, 3)"));
  EXPECT_FALSE(Implies("id = 1 OR id = 9", "id < 3"));
  EXPECT_FALSE(Implies("id < 3", "id < 3 AND name = 'x'"));
  EXPECT_FALSE(Implies("NOT (id < 3)", "id < 3"));
}

TEST(IndexKindsTest, PrintedAsPostgresDoes) {
  EXPECT_EQ(Shown("(lower(name))"), "lower((name)::text);");
  EXPECT_EQ(Shown("((id + dept_id))"), "((id + dept_id));");
  EXPECT_EQ(Shown("(id) WHERE id > 5 AND note IS NOT NULL"),
            "WHERE ((id > 5) AND (note IS NOT NULL))");
  EXPECT_EQ(Shown("(id) WHERE id IN (1, 2)"), "WHERE (id = ANY (ARRAY[1, 2]))");
  EXPECT_EQ(Shown("(coalesce(note, 'x'))"), "COALESCE(note, 'x'::text);");
}

TEST(IndexKindsTest, OnlyWhatIsImmutable) {
  const auto state = [](const std::string& definition) {
    return status::FromStatus(IndexOf(definition).status()).sqlstate;
  };
  EXPECT_EQ(state("((id + random()))"), "42P17");
  EXPECT_EQ(state("((hired::text))"), "42P17");
  EXPECT_EQ(state("(id) WHERE hired < now()"), "42P17");
  EXPECT_EQ(state("(((SELECT 1)))"), "0A000");
  EXPECT_EQ(state("(id) WHERE id"), "42804");
}

TEST(IndexKindsTest, WhatAnIndexReads) {
  const auto index = IndexOf("(lower(note), dept_id) WHERE id > 5");
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_FALSE(IsPlain(*index));
  EXPECT_EQ(index->columns(0), kExpressionKey);
  EXPECT_EQ(index->columns(1), 2u);
  EXPECT_TRUE(Reads(*index, 0) && Reads(*index, 2) && Reads(*index, 5));
  EXPECT_FALSE(Reads(*index, 1) || Reads(*index, 3));
}

// A catalog in which emp has the index, under the number 777.
CatalogPtr With(const std::string& definition) {
  const auto index = IndexOf(definition);
  EXPECT_TRUE(index.ok()) << index.status();
  auto snapshot =
      std::make_shared<common::v1::CatalogSnapshot>(testing::SampleCatalog()->snapshot());
  for (auto& table : *snapshot->mutable_tables()) {
    if (table.name() != "emp") continue;
    IndexDescriptor* const added = table.add_indexes();
    *added = *index;
    added->set_index_id(777);
    added->set_state(IndexDescriptor::STATE_PUBLIC);
  }
  return std::make_shared<const Catalog>(snapshot);
}

// How many of the statement's constants its plan depends on, in a catalog with such an index.
int PinnedBy(const std::string& definition, const std::string& where) {
  const std::string sql = "SELECT note FROM emp WHERE " + where;
  ScannedStatement scanned;
  EXPECT_TRUE(ScanLiterals(sql, &scanned));
  PlanningInput input = InputFor(sql, With(definition));
  input.literals = &scanned.literals;
  const auto plan = PlanDefault(input);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? plan->pinned_literals_size() : -1;
}

TEST(IndexKindsTest, AKeyOverAColumnThatIsNotReadKeepsNoOtherKeyFromUse) {
  const auto plan =
      PlanDefault(InputFor("SELECT id FROM emp WHERE sal = 5", With("(sal, lower(note))")));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_NE(plan->DebugString().find("index_id: 777"), std::string::npos) << plan->DebugString();
}

TEST(IndexKindsTest, ConstantsOfOtherTypesAreNotLiftedEither) {
  // sal is numeric, and gets its constants by a cast.
  EXPECT_EQ(PinnedBy("(id) WHERE sal > 100", "sal > 100"), 1);
  EXPECT_EQ(PinnedBy("(id) WHERE sal > 100", "sal > 100 AND id = 3"), 1);
  EXPECT_EQ(PinnedBy("((sal + 1))", "sal + 1 = 7"), 1);
  EXPECT_EQ(PinnedBy("(id) WHERE sal IN (5, 6)", "sal IN (5, 6)"), 2);
  EXPECT_EQ(PinnedBy("(id) WHERE sal > 100", "id > 100"), 0);
}

}  // namespace
}  // namespace adbms::sql
