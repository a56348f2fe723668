// Behaviour of binding and default planning over an in-memory catalog.
#include <gtest/gtest.h>

#include "common/status/macros.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

PlanningInput Input(const std::string& sql) {
  PlanningInput input;
  input.catalog = testing::SampleCatalog();
  input.sql = sql;
  input.current_user = "joe";
  return input;
}

std::string PlanText(const std::string& sql) {
  const PlanningInput input = Input(sql);
  auto plan = PlanDefault(input);
  if (!plan.ok()) return status::FromStatus(plan.status()).message;
  ExplainOptions options;
  options.costs = false;
  return absl::StrJoin(Explain(*plan, *input.catalog, options, nullptr, 0, 0), "\n");
}

struct ErrorCase {
  const char* sql;
  const char* sqlstate;
  const char* message;
  int position;
};

class Errors : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(Errors, MatchPostgres) {
  auto plan = PlanDefault(Input(GetParam().sql));
  ASSERT_FALSE(plan.ok()) << GetParam().sql;
  const status::SqlError error = status::FromStatus(plan.status());
  EXPECT_EQ(error.sqlstate, GetParam().sqlstate) << GetParam().sql;
  EXPECT_EQ(error.message, GetParam().message) << GetParam().sql;
  EXPECT_EQ(error.position, GetParam().position) << GetParam().sql;
}

INSTANTIATE_TEST_SUITE_P(
    Binder, Errors,
    ::testing::Values(
        ErrorCase{"SELECT foo FROM emp", "42703", "column \"foo\" does not exist", 8},
        ErrorCase{"SELECT 'ä', foo FROM emp", "42703", "column \"foo\" does not exist", 13},
        ErrorCase{"SELECT e.foo FROM emp e", "42703", "column e.foo does not exist", 8},
        ErrorCase{"SELECT * FROM nosuch", "42P01", "relation \"nosuch\" does not exist", 15},
        ErrorCase{"SELECT * FROM s.nosuch", "42P01", "relation \"s.nosuch\" does not exist", 15},
        ErrorCase{"SELECT x.id FROM emp", "42P01", "missing FROM-clause entry for table \"x\"", 8},
        ErrorCase{"SELECT note + 1 FROM emp", "42883", "operator does not exist: text + integer",
                  13},
        ErrorCase{"SELECT nosuch(1)", "42883", "function nosuch(integer) does not exist", 8},
        ErrorCase{"SELECT id FROM emp, dept", "42702", "column reference \"id\" is ambiguous", 8},
        ErrorCase{"SELECT 1 FROM emp e, dept e", "42712",
                  "table name \"e\" specified more than once", 0},
        ErrorCase{"SELECT id FROM emp GROUP BY dept_id", "42803",
                  "column \"emp.id\" must appear in the GROUP BY clause or be used in an aggregate "
                  "function",
                  8},
        ErrorCase{"SELECT 1 FROM emp WHERE sum(id) > 1", "42803",
                  "aggregate functions are not allowed in WHERE", 25},
        ErrorCase{"SELECT sum(sum(id)) FROM emp", "42803",
                  "aggregate function calls cannot be nested", 12},
        ErrorCase{"SELECT id FROM emp ORDER BY 9", "42P10",
                  "ORDER BY position 9 is not in select list", 29},
        ErrorCase{"SELECT DISTINCT id FROM emp ORDER BY name", "42P10",
                  "for SELECT DISTINCT, ORDER BY expressions must appear in select list", 38},
        ErrorCase{"SELECT id FROM emp WHERE id", "42804",
                  "argument of WHERE must be type boolean, not type integer", 26},
        ErrorCase{"SELECT CASE WHEN true THEN 1 ELSE date '2020-01-01' END", "42804",
                  "CASE types date and integer cannot be matched", 28},
        ErrorCase{"SELECT 'x'::int", "22P02", "invalid input syntax for type integer: \"x\"", 8},
        ErrorCase{"SELECT doc = doc FROM j", "42883", "operator does not exist: json = json", 12},
        ErrorCase{"SELECT doc FROM j ORDER BY doc", "42883",
                  "could not identify an ordering operator for type json", 28},
        ErrorCase{"INSERT INTO emp (nosuch) VALUES (1)", "42703",
                  "column \"nosuch\" of relation \"emp\" does not exist", 18},
        ErrorCase{"INSERT INTO emp (id, id) VALUES (1, 2)", "42701",
                  "column \"id\" specified more than once", 22},
        ErrorCase{"INSERT INTO emp (id) VALUES (1, 2)", "42601",
                  "INSERT has more expressions than target columns", 33},
        ErrorCase{"INSERT INTO emp (hired) VALUES (5)", "42804",
                  "column \"hired\" is of type date but expression is of type integer", 33},
        ErrorCase{"UPDATE emp SET nosuch = 1", "42703",
                  "column \"nosuch\" of relation \"emp\" does not exist", 16},
        ErrorCase{
            "INSERT INTO emp (id) VALUES (1) ON CONFLICT (name) DO NOTHING", "42P10",
            "there is no unique or exclusion constraint matching the ON CONFLICT specification", 0},
        ErrorCase{"SELECT id FROM emp WHERE $1 IS NULL", "42P18",
                  "could not determine data type of parameter $1", 0},
        ErrorCase{"SELECT (SELECT 1, 2)", "42601", "subquery must return only one column", 8}));

TEST(Plan, ReadsByPrimaryKey) {
  EXPECT_EQ(PlanText("SELECT name FROM emp WHERE id = 5 AND note = 'x'"),
            "Projection\n"
            "  ->  Index Scan using emp_pkey on emp\n"
            "        Index Cond: (id = 5)\n"
            "        Filter: (note = 'x'::text)\n"
            "Planner: default");
}

TEST(Plan, ReadsRangesAndLists) {
  EXPECT_EQ(PlanText("SELECT k FROM big WHERE k BETWEEN 1 AND 9"),
            "Index Scan using big_pkey on big\n"
            "  Index Cond: ((k >= '1'::bigint) AND (k <= '9'::bigint))\n"
            "Planner: default");
  EXPECT_EQ(PlanText("SELECT id FROM emp WHERE id IN (1, 2)"),
            "Index Scan using emp_pkey on emp\n"
            "  Index Cond: (id = ANY (1, 2))\n"
            "Planner: default");
}

TEST(Plan, AWiderParameterStillUsesTheIndex) {
  PlanningInput input = Input("SELECT id FROM emp WHERE id = $1");
  input.parameter_types = {{types::TypeId::kInt8, 0}};
  auto plan = PlanDefault(input);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->root().has_index_scan());
}

TEST(Plan, FollowsTheIndexOrder) {
  EXPECT_EQ(PlanText("SELECT id FROM emp ORDER BY id DESC LIMIT 3"),
            "Limit\n"
            "  ->  Index Scan Backward using emp_pkey on emp\n"
            "Planner: default");
}

TEST(Plan, FollowsTheOrderOfAnIndexWithNulls) {
  // An index holds NULLs as the greatest value.
  for (const char* order : {"dept_id", "dept_id ASC NULLS LAST"}) {
    EXPECT_EQ(PlanText(absl::StrCat("SELECT * FROM emp ORDER BY ", order, " LIMIT 3")),
              "Limit\n"
              "  ->  Index Scan using emp_dept_id_idx on emp\n"
              "Planner: default");
  }
  EXPECT_EQ(PlanText("SELECT * FROM emp ORDER BY dept_id DESC LIMIT 3"),
            "Limit\n"
            "  ->  Index Scan Backward using emp_dept_id_idx on emp\n"
            "Planner: default");
  for (const char* other : {"dept_id NULLS FIRST", "dept_id DESC NULLS LAST"}) {
    const std::string text =
        PlanText(absl::StrCat("SELECT * FROM emp ORDER BY ", other, " LIMIT 3"));
    EXPECT_NE(text.find("Sort"), std::string::npos) << text;
  }
}

TEST(Plan, WhereNoNullsAreTheirPlaceDoesNotMatter) {
  EXPECT_EQ(PlanText("SELECT * FROM emp WHERE dept_id IS NOT NULL "
                     "ORDER BY dept_id DESC NULLS LAST LIMIT 3"),
            "Limit\n"
            "  ->  Index Scan Backward using emp_dept_id_idx on emp\n"
            "        Index Cond: (dept_id IS NOT NULL)\n"
            "Planner: default");
  EXPECT_EQ(PlanText("SELECT * FROM emp ORDER BY hired NULLS FIRST LIMIT 3"),
            "Limit\n"
            "  ->  Index Scan using emp_hired_idx on emp\n"
            "Planner: default");
}

TEST(Plan, ReadsExtremesAtTheEndsOfAnIndex) {
  EXPECT_EQ(PlanText("SELECT max(dept_id) FROM emp"),
            "Aggregate\n"
            "  ->  Limit\n"
            "        ->  Index Only Scan Backward using emp_dept_id_idx on emp\n"
            "              Index Cond: (dept_id IS NOT NULL)\n"
            "Planner: default");
  const std::string both = PlanText("SELECT min(id), max(hired), max(hired) FROM emp");
  EXPECT_NE(both.find("Index Scan using emp_pkey"), std::string::npos) << both;
  EXPECT_NE(both.find("Backward using emp_hired_idx"), std::string::npos) << both;
  // These need all rows.
  for (const char* all :
       {"SELECT min(dept_id), count(*) FROM emp", "SELECT min(note) FROM emp",
        "SELECT min(dept_id) FILTER (WHERE sal > 1) FROM emp",
        "SELECT max(dept_id) FROM emp GROUP BY name", "SELECT min(-dept_id) FROM emp"}) {
    const std::string text = PlanText(all);
    EXPECT_NE(text.find("Seq Scan"), std::string::npos) << all << "\n" << text;
  }
}

TEST(Plan, JoinsByWhatAllBranchesAsk) {
  const std::string text = PlanText(
      "SELECT 1 FROM emp e, big b WHERE (e.note = b.b AND b.a > 1 AND e.sal > 5) "
      "OR (b.b = e.note AND e.note = b.b AND b.a < 9)");
  EXPECT_NE(text.find("Hash Join"), std::string::npos) << text;
}

TEST(Plan, ChoosesJoins) {
  EXPECT_EQ(
      PlanText("SELECT e.id FROM emp e LEFT JOIN dept d ON e.dept_id = d.id WHERE d.city = 'x'"),
      "Projection\n"
      "  ->  Lookup Join using emp_dept_id_idx on emp e\n"
      "        Index Cond: (dept_id = id)\n"
      "        ->  Seq Scan on dept d\n"
      "              Filter: (city = 'x'::text)\n"
      "Planner: default")
      << "the outer join is an inner one";
  EXPECT_NE(PlanText("SELECT id FROM emp WHERE dept_id NOT IN (SELECT id FROM dept)")
                .find("Null-Aware Anti"),
            std::string::npos);
  EXPECT_NE(
      PlanText("SELECT id FROM emp WHERE EXISTS (SELECT 1 FROM dept WHERE dept.id = emp.dept_id)")
          .find("Semi"),
      std::string::npos);
}

TEST(Plan, KeepsOuterJoinConditionsInPlace) {
  const std::string text =
      PlanText("SELECT e.id FROM emp e LEFT JOIN dept d ON e.dept_id = d.id AND e.sal > 5");
  EXPECT_NE(text.find("Left Join"), std::string::npos) << text;
  EXPECT_NE(text.find("Join Filter: (sal > '5'::numeric)"), std::string::npos) << text;
}

TEST(Plan, KeepsErrorsWhereTheyBelong) {
  auto folded = PlanDefault(Input("SELECT CASE WHEN id = 1 THEN 1/0 ELSE 2 END FROM emp"));
  EXPECT_TRUE(folded.ok()) << folded.status();
  EXPECT_TRUE(PlanDefault(Input("SELECT 1/0")).ok());
}

TEST(Plan, WritesCarryTheRowKey) {
  auto plan = PlanDefault(Input("UPDATE emp SET sal = sal + 1 WHERE id = 3 RETURNING sal"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto& update = plan->root().update();
  EXPECT_EQ(update.input().output(6).name(), "$rowkey");
  EXPECT_EQ(update.columns(0), 3u);
  EXPECT_EQ(update.checks_size(), 1);
  EXPECT_EQ(plan->root().output(0).name(), "sal");
  EXPECT_TRUE(update.has_recheck());
  EXPECT_FALSE(plan->read_only());
}

TEST(Plan, ListsTablesAndPrivileges) {
  auto plan = PlanDefault(Input("INSERT INTO emp (id, name) SELECT id, name FROM dept"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->tables_size(), 2);
  EXPECT_EQ(plan->tables(0).name(), "public.emp");
  EXPECT_EQ(plan->tables(0).privileges(0), common::v1::PRIVILEGE_INSERT);
  EXPECT_EQ(plan->tables(1).privileges(0), common::v1::PRIVILEGE_SELECT);
}

common::v1::Plan Lifted(const std::string& sql) {
  ScannedStatement scanned;
  EXPECT_TRUE(ScanLiterals(sql, &scanned));
  PlanningInput input = Input(sql);
  input.literals = &scanned.literals;
  auto plan = PlanDefault(input);
  EXPECT_TRUE(plan.ok()) << sql << ": " << plan.status();
  return plan.ok() ? *plan : common::v1::Plan();
}

TEST(Literals, BecomeParametersOfTheirContextsType) {
  const common::v1::Plan plan =
      Lifted("SELECT id FROM emp WHERE hired > '2020-01-01' AND sal = 5 AND id = -3");
  ASSERT_EQ(plan.parameter_types_size(), 3);
  EXPECT_EQ(plan.parameter_types(0).id(), common::v1::TYPE_ID_DATE);
  EXPECT_EQ(plan.parameter_types(1).id(), common::v1::TYPE_ID_NUMERIC);
  EXPECT_EQ(plan.parameter_types(2).id(), common::v1::TYPE_ID_INT4);
  EXPECT_EQ(plan.pinned_literals_size(), 0);
  EXPECT_EQ(plan.client_parameters(), 0u);
}

TEST(Literals, ArePinnedWhereTheirValueDecides) {
  const common::v1::Plan plan =
      Lifted("SELECT id, 'x'::varchar(3) FROM emp WHERE id = 5 ORDER BY 1 LIMIT 2");
  // 'x', the 3 of the type, 5, the ordinal, the limit.
  ASSERT_EQ(plan.parameter_types_size(), 5);
  std::vector<uint32_t> pinned(plan.pinned_literals().begin(), plan.pinned_literals().end());
  EXPECT_EQ(pinned, (std::vector<uint32_t>{1, 3}));
  EXPECT_EQ(Lifted("SELECT id + 1 FROM emp GROUP BY id + 1").pinned_literals_size(), 2);
}

TEST(Ddl, CreatesTables) {
  auto ddl =
      BindDdl(Input("CREATE TABLE t (a int PRIMARY KEY, b varchar(10) NOT NULL DEFAULT 'x' || 'y', "
                    "c numeric(5,2) "
                    "CHECK (c > 0), d int REFERENCES dept, UNIQUE (b, c), CONSTRAINT k CHECK (a < "
                    "d)) WITH (fillfactor=70)"));
  ASSERT_TRUE(ddl.ok()) << ddl.status();
  const auto& table = (*ddl)[0].create_table().table();
  EXPECT_EQ(table.schema(), "public");
  EXPECT_EQ(table.primary_key_name(), "t_pkey");
  EXPECT_TRUE(table.columns(0).not_null());
  EXPECT_EQ(table.columns(1).default_sql(), "'x' || 'y'");
  EXPECT_EQ(table.indexes(0).name(), "t_b_c_key");
  ASSERT_EQ(table.checks_size(), 2);
  EXPECT_EQ(table.checks(0).name(), "t_c_check");
  EXPECT_EQ(table.checks(0).sql(), "c > 0");
  EXPECT_EQ(table.checks(1).name(), "k");
  EXPECT_EQ(table.foreign_keys(0).name(), "t_d_fkey");
}

// The changes of all the steps that a statement takes, over a catalog that does not change
// meanwhile.
absl::StatusOr<std::vector<common::v1::DdlStatement>> BindAllSteps(const PlanningInput& input) {
  ASSIGN_OR_RETURN(const size_t steps, CountDdlSteps(input));
  std::vector<common::v1::DdlStatement> all;
  for (size_t step = 0; step < steps; ++step) {
    ASSIGN_OR_RETURN(const auto changes, BindDdl(input, step));
    all.insert(all.end(), changes.begin(), changes.end());
  }
  return all;
}

TEST(Ddl, ChangesTables) {
  auto ddl = BindAllSteps(
      Input("ALTER TABLE emp ADD COLUMN x int DEFAULT 3 NOT NULL, DROP COLUMN note, ALTER "
            "sal SET NOT NULL, "
            "ADD CONSTRAINT pos CHECK (id > 0), ALTER COLUMN sal SET DEFAULT 1 + 2"));
  ASSERT_TRUE(ddl.ok()) << ddl.status();
  ASSERT_EQ(ddl->size(), 5u);
  // In PostgreSQL's passes: what is dropped goes first, constraints come after columns.
  EXPECT_EQ((*ddl)[0].alter_table().drop_column(), 5u);
  EXPECT_EQ((*ddl)[1].alter_table().add_column().default_sql(), "3");
  EXPECT_TRUE((*ddl)[1].alter_table().add_column().not_null());
  EXPECT_TRUE((*ddl)[2].alter_table().has_set_not_null());
  EXPECT_EQ((*ddl)[4].alter_table().set_default().default_sql(), "1 + 2");
  EXPECT_FALSE((*ddl)[3].alter_table().validation().empty());
}

TEST(Ddl, CreatesIndexesAndViews) {
  auto index = BindDdl(
      Input("CREATE UNIQUE INDEX CONCURRENTLY ON emp USING btree (name, sal DESC) INCLUDE (note)"));
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ((*index)[0].create_index().index().name(), "emp_name_sal_note_idx");
  EXPECT_TRUE((*index)[0].create_index().index().descending(1));
  auto view = BindDdl(Input("CREATE OR REPLACE VIEW w (a, b) AS SELECT id, name AS n FROM emp;"));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ((*view)[0].create_view().view().view_sql(), "SELECT id, name AS n FROM emp");
  EXPECT_EQ((*view)[0].create_view().view().columns(1).name(), "b");
}

TEST(Ddl, SerialAndIdentityColumnsBringTheirSequences) {
  const auto ddl = BindDdl(
      Input("CREATE TABLE t (a serial, b smallint GENERATED ALWAYS AS IDENTITY (START 7), c int)"));
  ASSERT_TRUE(ddl.ok()) << ddl.status();
  ASSERT_EQ(ddl->size(), 1u);
  const common::v1::CreateTable& create = (*ddl)[0].create_table();
  ASSERT_EQ(create.sequences_size(), 2);
  EXPECT_EQ(create.sequences(0).sequence().name(), "t_a_seq");
  EXPECT_EQ(create.sequences(0).column(), 0u);
  EXPECT_EQ(create.sequences(0).sequence().sequence().maximum(), 2147483647);
  EXPECT_EQ(create.sequences(1).sequence().sequence().start(), 7);
  EXPECT_EQ(create.sequences(1).sequence().sequence().maximum(), 32767);
  EXPECT_TRUE(create.table().columns(0).not_null());
  EXPECT_EQ(create.table().columns(1).identity(), common::v1::ColumnDescriptor::IDENTITY_ALWAYS);
  EXPECT_FALSE(create.table().columns(2).not_null());
}

TEST(Ddl, RefusesWithPostgresCodes) {
  const std::pair<const char*, const char*> cases[] = {
      {"CREATE TABLE t (a json PRIMARY KEY)", "42704"},
      {"CREATE TABLE t (a int, a int)", "42701"},
      {"CREATE TABLE t (a nosuch)", "42704"},
      {"CREATE TABLE t (a serial DEFAULT 1)", "42601"},
      {"CREATE TABLE t (a text GENERATED ALWAYS AS IDENTITY)", "22023"},
      {"CREATE SEQUENCE s INCREMENT 0", "22023"},
      {"COMMENT ON COLUMN emp.nosuch IS 'x'", "42703"},
      {"CREATE TEMP TABLE public.t (a int)", "42P16"},
      {"CREATE TABLE t (a int) ON COMMIT DROP", "42P16"},
      {"CREATE TEMP TABLE t (a int REFERENCES emp)", "42P16"},
      {"CREATE TABLE pg_temp_7.t (a int)", "42P16"},
      {"CREATE TABLE t (a int, b int GENERATED ALWAYS AS (c) STORED)", "42703"},
      {"CREATE TABLE t (a int, b int GENERATED ALWAYS AS (random()) STORED)", "42P17"},
      {"CREATE TABLE t (a int GENERATED ALWAYS AS (1) STORED, b int GENERATED ALWAYS AS (a) "
       "STORED)",
       "42P17"},
      {"CREATE TABLE t (a int, b int DEFAULT 1 GENERATED ALWAYS AS (a) STORED)", "42601"},
      {"CREATE TABLE t (LIKE nosuch)", "42P01"},
      {"CREATE TABLE t (id int, LIKE emp)", "42701"},
      {"CREATE TABLE t (a int) PARTITION BY RANGE (b)", "42703"},
      {"CREATE TABLE t PARTITION OF emp FOR VALUES IN (1)", "42P17"},
      {"CREATE TABLE t (a int) INHERITS (emp)", "0A000"},
      {"CREATE INDEX ON emp ((random()))", "42P17"},
      {"CREATE INDEX ON emp USING brin (id)", "0A000"},
      {"CREATE INDEX ON j (doc)", "42704"},
      {"ALTER TABLE nosuch ADD COLUMN a int", "42P01"},
      {"CREATE TABLE nosuch.t (a int)", "3F000"},
      {"CREATE TABLE t (a int CHECK (b > 0))", "42703"},
      {"CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)", "42P16"},
      {"CREATE TABLE t (a int DEFAULT 'x')", "22P02"},
      {"ALTER TABLE emp DROP CONSTRAINT x", "42704"}};
  for (const auto& [sql, code] : cases) {
    auto ddl = BindDdl(Input(sql));
    ASSERT_FALSE(ddl.ok()) << sql;
    EXPECT_EQ(status::FromStatus(ddl.status()).sqlstate, code) << sql << ": " << ddl.status();
  }
}

TEST(Constants, AreEvaluated) {
  auto value = EvaluateConstant("1 + 2", {types::TypeId::kInt8, 0}, Input(""));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->int_value(), 3);
  EXPECT_FALSE(EvaluateConstant("id", {}, Input("")).ok());
}

TEST(Copy, BindsColumnsDefaultsAndChecks) {
  CopyStatement copy;
  copy.table = "emp";
  copy.columns = {"name", "id"};
  copy.from = true;
  const PlanningInput input = Input("");
  auto binding = BindCopy(copy, input);
  ASSERT_TRUE(binding.ok()) << binding.status();
  EXPECT_EQ(binding->columns, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(binding->defaults.size(), 6u);
  EXPECT_EQ(binding->checks.size(), 1u);
}

TEST(Limits, DeepExpressionsAreErrors) {
  std::string sum = "SELECT 1";
  for (int i = 0; i < 10000; ++i) sum += "+1";
  auto plan = PlanDefault(Input(sum));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(status::FromStatus(plan.status()).sqlstate, "54001");
  std::string fine = "SELECT 1";
  for (int i = 0; i < 300; ++i) fine += "+1";
  EXPECT_TRUE(PlanDefault(Input(fine)).ok());
}

TEST(Plan, TurnsUnindexedCorrelatedAggregatesIntoJoins) {
  const std::string joined = PlanText(
      "SELECT id FROM emp WHERE sal > (SELECT avg(sal) FROM emp e2 WHERE e2.note = emp.note)");
  EXPECT_NE(joined.find("Hash Left Join"), std::string::npos) << joined;
  const std::string indexed = PlanText(
      "SELECT (SELECT count(*) FROM emp WHERE emp.dept_id = d.id) FROM dept d WHERE id = 3");
  EXPECT_NE(indexed.find("SubPlan 1"), std::string::npos) << indexed;
}

TEST(Plan, LooksArrayMembersUp) {
  const std::string text = PlanText("SELECT id FROM emp WHERE id = ANY ($1)");
  EXPECT_NE(text.find("Lookup Join using emp_pkey on emp"), std::string::npos) << text;
}

// Shuffled pieces of statements: any error will do, a crash or a malformed plan will not.
TEST(Robustness, PlansOrRefusesMutations) {
  const std::string seeds[] = {
      "SELECT e.id , count ( * ) , sum ( e.sal ) FROM emp e LEFT JOIN dept d ON e.dept_id = d.id "
      "WHERE d.name = 'x' "
      "AND e.hired > '2020-01-01' GROUP BY e.id HAVING count ( * ) > 2 ORDER BY 2 DESC LIMIT 5",
      "SELECT name FROM emp WHERE id IN ( SELECT dept_id FROM emp b WHERE b.name = emp.name ) AND "
      "NOT EXISTS ( SELECT "
      "1 FROM dept WHERE dept.id = emp.dept_id )",
      "UPDATE emp SET sal = sal + 1 , note = ( SELECT max ( name ) FROM dept ) WHERE id = 3 "
      "RETURNING id , sal",
      "INSERT INTO emp ( id , name ) SELECT id , name FROM dept UNION ALL VALUES ( 1 , 'a' ) ON "
      "CONFLICT ( id ) DO "
      "UPDATE SET name = excluded.name",
      "WITH c AS ( SELECT id , sal FROM emp ) SELECT * FROM c a JOIN c b USING ( id ) WHERE a.sal "
      "> ( SELECT avg ( "
      "sal ) FROM c )",
      "DELETE FROM emp USING dept d WHERE emp.dept_id = d.id AND d.city = ANY ( ARRAY [ 'a' , 'b' "
      "] )",
      "SELECT CASE WHEN id BETWEEN 1 AND 5 THEN 'x' ELSE note END , coalesce ( note , name ) , id "
      ":: text FROM v , "
      "big WHERE k = 5 FOR UPDATE"};
  uint64_t random = 7;
  auto next = [&random](size_t bound) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((random >> 33) % bound);
  };
  std::vector<std::vector<std::string>> words;
  for (const std::string& seed : seeds) words.push_back(absl::StrSplit(seed, ' '));
  int planned = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::string> text = words[next(words.size())];
    for (size_t edits = next(3); edits > 0 && text.size() > 2; --edits) {
      const std::vector<std::string>& other = words[next(words.size())];
      const size_t at = next(text.size());
      switch (next(3)) {
        case 0:
          text.erase(text.begin() + static_cast<long>(at));
          break;
        case 1:
          text.insert(text.begin() + static_cast<long>(at), other[next(other.size())]);
          break;
        default:
          text[at] = other[next(other.size())];
      }
    }
    const std::string sql = absl::StrJoin(text, " ");
    PlanningInput input = Input(sql);
    ScannedStatement scanned;
    if (round % 2 == 0 && ScanLiterals(sql, &scanned)) input.literals = &scanned.literals;
    auto plan = PlanDefault(input);
    if (!plan.ok()) {
      EXPECT_NE(status::FromStatus(plan.status()).sqlstate, "XX000")
          << sql << ": " << plan.status();
      continue;
    }
    ++planned;
    EXPECT_FALSE(Explain(*plan, *input.catalog, {}, nullptr, 0, 0).empty());
  }
  EXPECT_GT(planned, 100);
}

// v of bob over emp, w of ann over v.
CatalogPtr CatalogWithOwners() {
  auto snapshot =
      std::make_shared<common::v1::CatalogSnapshot>(testing::SampleCatalog()->snapshot());
  for (auto& table : *snapshot->mutable_tables()) {
    table.set_owner("owner");
    if (table.name() != "v") continue;
    table.set_owner("bob");
    table.add_view_search_path("public");
  }
  auto* view = testing::AddTable(snapshot.get(), "w", {{"id", {types::TypeId::kInt4, 0}}});
  view->set_view_sql("SELECT id FROM v");
  view->set_owner("ann");
  view->add_view_search_path("public");
  for (auto& schema : *snapshot->mutable_schemas())
    schema.set_schema_id(schema.name() == "public" ? 2200 : 11);
  return std::make_shared<const Catalog>(snapshot);
}

std::set<std::string> UsesOf(const std::string& sql) {
  PlanningInput input = Input(sql);
  input.catalog = CatalogWithOwners();
  const auto plan = PlanDefault(input);
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::set<std::string> uses;
  if (!plan.ok()) return uses;
  for (const auto& use : plan->tables()) {
    std::string text = absl::StrCat(use.name(), " as ", use.as_role());
    for (const int privilege : use.privileges())
      absl::StrAppend(&text, " ", common::v1::Privilege_Name(privilege).substr(10));
    uses.insert(text);
  }
  return uses;
}

TEST(TableUses, AViewIsForWhoNamesItAndReadsForItsOwner) {
  using Uses = std::set<std::string>;
  EXPECT_EQ(UsesOf("SELECT * FROM emp"), Uses({"public.emp as  SELECT"}));
  EXPECT_EQ(UsesOf("SELECT * FROM v"), Uses({"public.v as  SELECT", "public.emp as bob SELECT"}));
  EXPECT_EQ(UsesOf("SELECT * FROM w"),
            Uses({"public.w as  SELECT", "public.v as ann SELECT", "public.emp as bob SELECT"}));
  EXPECT_EQ(UsesOf("SELECT 1 FROM w, emp WHERE EXISTS (SELECT 1 FROM v)"),
            Uses({"public.w as  SELECT", "public.v as ann SELECT", "public.v as  SELECT",
                  "public.emp as bob SELECT", "public.emp as  SELECT"}));
  EXPECT_EQ(UsesOf("INSERT INTO emp (id, name) SELECT id, 'x' FROM v"),
            Uses({"public.emp as  INSERT", "public.v as  SELECT", "public.emp as bob SELECT"}));
  EXPECT_EQ(UsesOf("INSERT INTO emp (id, name) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING"),
            Uses({"public.emp as  SELECT INSERT"}));
}

std::string ResolutionOf(const std::string& sql, size_t change = 0) {
  PlanningInput input = Input(sql);
  input.catalog = CatalogWithOwners();
  const auto bound = BindAllSteps(input);
  EXPECT_TRUE(bound.ok()) << bound.status();
  if (!bound.ok() || bound->size() <= change) return "";
  std::vector<std::string> objects;
  for (const auto& object : (*bound)[change].resolution().objects()) {
    objects.push_back(absl::StrCat(common::v1::ResolvedObject::Kind_Name(object.kind()).substr(5),
                                   " ", object.schema(), ".", object.name(), " ",
                                   object.object_id(), "@", object.version()));
  }
  return absl::StrJoin(objects, ", ");
}

TEST(DdlResolution, NamesTheVeryObjects) {
  EXPECT_EQ(ResolutionOf("DROP TABLE emp, nosuch"),
            "RELATION public.emp 16384@1, RELATION .nosuch 0@0");
  EXPECT_EQ(ResolutionOf("DROP TABLE public.nosuch"), "RELATION public.nosuch 0@0");
  EXPECT_EQ(ResolutionOf("DROP INDEX emp_dept_id_idx, nosuch"),
            "INDEX public.emp_dept_id_idx 1638401@1, INDEX .nosuch 0@0");
  EXPECT_EQ(ResolutionOf("DROP SCHEMA public, nosuch"),
            "SCHEMA .public 2200@0, SCHEMA .nosuch 0@0");
  EXPECT_EQ(ResolutionOf("CREATE TABLE x (a int REFERENCES dept)"),
            "SCHEMA .public 2200@0, RELATION . 16385@1");
  EXPECT_EQ(ResolutionOf("CREATE OR REPLACE VIEW v AS SELECT id, name AS boss FROM emp"),
            "SCHEMA .public 2200@0, RELATION public.v 16388@1, RELATION . 16384@1");
  EXPECT_EQ(ResolutionOf("TRUNCATE emp, dept"), "RELATION . 16384@1, RELATION . 16385@1");
  EXPECT_EQ(ResolutionOf("ALTER TABLE emp ADD FOREIGN KEY (dept_id) REFERENCES dept"),
            "RELATION . 16384@1, RELATION . 16385@1");
  // The second step is bound when the first has been taken, and names what that has made.
  const char* two = "ALTER TABLE emp ALTER note SET NOT NULL, ALTER note SET DEFAULT 'x'";
  EXPECT_EQ(ResolutionOf(two), "RELATION . 16384@1");
  EXPECT_EQ(ResolutionOf(two, 1), "RELATION . 16384@1");
  // Whose table it is is asked also where nothing changes.
  EXPECT_EQ(ResolutionOf("ALTER TABLE emp SET (fillfactor = 90)"), "RELATION . 16384@1");
}

}  // namespace
}  // namespace adbms::sql
