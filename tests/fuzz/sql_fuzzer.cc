// A statement's text: literal scanner, parser, binder, default planner, EXPLAIN.
#include "common/sql/sql.h"
#include "common/sql/testing/test_catalog.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  return {
      "SELECT 1",
      "SELECT e.name, d.city, sum(e.sal) OVER (PARTITION BY d.id) FROM emp e JOIN dept d ON "
      "e.dept_id = d.id WHERE e.hired BETWEEN '2020-01-01' AND now() ORDER BY 1 DESC LIMIT 5",
      "WITH x AS (SELECT dept_id, count(*) c FROM emp GROUP BY 1 HAVING count(*) > 2) SELECT * "
      "FROM x LEFT JOIN dept USING (id) UNION ALL SELECT 1, 2, 'a', NULL EXCEPT VALUES (1,2,'b',"
      "'c')",
      "INSERT INTO emp (id, name, sal) VALUES (1, E'a\\'b', 1.5e3), ($1, U&'\\0061', DEFAULT) "
      "ON CONFLICT DO NOTHING RETURNING id + 1",
      "UPDATE emp SET sal = sal * 1.1, note = CASE WHEN sal > 10 THEN 'x' ELSE NULL END WHERE id "
      "IN (SELECT id FROM dept WHERE name LIKE '%a_' ESCAPE '!')",
      "DELETE FROM big WHERE k = ANY (ARRAY[1,2,3]) AND NOT EXISTS (SELECT 1 FROM j WHERE j.id = "
      "a)",
      "SELECT count(DISTINCT a), max(b) FILTER (WHERE a > 1), a::numeric(5,2), CAST(b AS text) "
      "FROM big GROUP BY GROUPING SETS ((a), (b), ())",
      "CREATE TABLE t (a int PRIMARY KEY, b varchar(3) DEFAULT 'x' CHECK (b <> ''), UNIQUE (a, b))",
      "COPY emp (id, name) FROM STDIN WITH (FORMAT csv, HEADER true, DELIMITER ';', NULL '')",
      "EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM v WHERE note ~* '^a.*b$'",
      "PREPARE p (int, text) AS SELECT $1, $2; EXECUTE p (1, 'a'); DEALLOCATE p",
      "SET search_path TO public, \"Odd Name\"; SHOW all; GRANT SELECT, UPDATE ON emp TO PUBLIC",
      "SELECT extract(epoch FROM interval '1 year -2 days'), date '2020-02-30', "
      "-(-9223372036854775808)",
      "/* c /* nested */ */ SELECT $tag$ body $tag$, x'ff', b'01', 'a' 'b', -- end\n\"q\"\"q\" "
      "FROM emp"};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  if (random() % 2 == 0) return MutateBytes(std::move(input), random);
  // Another statement's words, so that what parses is not only the seeds.
  static const std::vector<std::string> kSeeds = Seeds();
  const std::string& donor = kSeeds[random() % kSeeds.size()];
  const size_t from = donor.find(' ', random() % donor.size());
  if (from == std::string::npos) return MutateBytes(std::move(input), random);
  const std::string words = donor.substr(from, 1 + random() % 40);
  const size_t at = input.empty() ? 0 : input.find(' ', random() % input.size());
  if (at == std::string::npos) return input + words;
  if (random() % 2 == 0) input.erase(at, random() % 20);
  return input.insert(at, words);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  static const sql::CatalogPtr catalog = sql::testing::SampleCatalog();
  const std::string text(reinterpret_cast<const char*>(data), size);
  sql::ScannedStatement scanned;
  const bool lifted = sql::ScanLiterals(text, &scanned) && !scanned.multiple_statements;
  const auto statements = sql::Parse(text);
  if (!statements.ok()) return 0;
  for (const sql::Statement& statement : *statements) {
    sql::PlanningInput input;
    input.sql = std::string(statement.text);
    input.statement = &statement;
    input.catalog = catalog;
    input.search_path = {"public"};
    input.current_user = input.session_user = "adbms";
    input.database = "adbms";
    input.time_zone = "UTC";
    if (statement.statement_class == sql::StatementClass::kDdl) {
      (void)sql::BindDdl(input);
      continue;
    }
    if (statement.statement_class != sql::StatementClass::kPlannable) continue;
    (void)sql::PlanDefault(input);
    if (!lifted || statements->size() != 1) continue;
    sql::ScannedStatement own;
    if (!sql::ScanLiterals(input.sql, &own)) continue;
    input.literals = &own.literals;
    (void)sql::PlanDefault(input);
  }
  return 0;
}
