// Plans as another process might send them: storage refuses what makes no sense and never crashes.
#include "tests/fuzz/database.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutation.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const char* statement :
       {"SELECT * FROM a",
        "SELECT t, n FROM a WHERE id = 7",
        "SELECT id FROM a WHERE n = 3 ORDER BY t",
        "SELECT n, count(*), sum(d), max(t), avg(id) FROM a WHERE x GROUP BY n HAVING count(*) > 2",
        "SELECT a.t, b.w FROM a JOIN b ON a.id = b.a WHERE b.w > 10 ORDER BY 2 DESC, 1 LIMIT 5 "
        "OFFSET 1",
        "SELECT a.id FROM a LEFT JOIN b ON a.id = b.id WHERE b.id IS NULL",
        "SELECT id FROM a FULL JOIN b USING (id)",
        "SELECT * FROM a, generate_series(1, 3) g WHERE g < n",
        "SELECT id, (SELECT max(w) FROM b WHERE b.a = a.id) FROM a WHERE EXISTS (SELECT 1 FROM b "
        "WHERE b.id = a.id AND b.w <> a.d)",
        "SELECT id FROM a WHERE n NOT IN (SELECT a FROM b WHERE w < 5)",
        "WITH c AS (SELECT n, count(*) k FROM a GROUP BY n) SELECT x.n, y.k FROM c x JOIN c y ON "
        "x.n = y.k",
        "SELECT id, rank() OVER (PARTITION BY n ORDER BY t), lag(t, 2, 'none') OVER (ORDER BY id), "
        "sum(d) FILTER (WHERE x) OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING "
        "EXCLUDE "
        "TIES), ntile(3) OVER (ORDER BY id) FROM a",
        "SELECT id, nth_value(t, 2) OVER w, avg(n) OVER w, string_agg(t, ',') OVER (w GROUPS 1 "
        "PRECEDING) FROM a WINDOW w AS (PARTITION BY x ORDER BY d, id)",
        "SELECT DISTINCT ON (n) n, t FROM a ORDER BY n, id DESC",
        "SELECT a.id, g, s.t FROM a LEFT JOIN LATERAL (SELECT t FROM a x WHERE x.n = a.n ORDER BY "
        "id "
        "LIMIT 2) s ON true, generate_series(1, a.n) WITH ORDINALITY o(g, k)",
        "SELECT id, generate_series(1, n), regexp_split_to_table(t, ' ') FROM a ORDER BY id LIMIT "
        "9",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r JOIN a ON a.id = r.n WHERE n < "
        "5) "
        "SELECT * FROM r",
        "WITH d AS (DELETE FROM a WHERE id < 3 RETURNING *) INSERT INTO b SELECT id, n, d FROM d",
        "SELECT n, x, count(*), grouping(n) FROM a GROUP BY CUBE (n, x)",
        "SELECT n FROM a ORDER BY n FETCH FIRST 3 ROWS WITH TIES",
        "SELECT id FROM a UNION SELECT id FROM b EXCEPT SELECT n FROM a",
        "SELECT DISTINCT n, x FROM a WHERE t LIKE 'text 1%' OR d BETWEEN 3 AND 9 OR id IN (1, 5, "
        "9)",
        "SELECT CASE WHEN x THEN t ELSE upper(t) END, coalesce(n, 0) + id, d::text || t, x IS NOT "
        "TRUE FROM a",
        "INSERT INTO a VALUES (1000, 1, 'x', 2.5, true), (1001, 2, 'y', NULL, false) RETURNING id",
        "INSERT INTO b SELECT id, n, d FROM a",
        "UPDATE a SET n = n + 1, t = 'z' WHERE n = 3 RETURNING t",
        "UPDATE b SET w = a.id FROM a WHERE a.id = b.a",
        "DELETE FROM a WHERE id < 10",
        "DELETE FROM b WHERE a IN (SELECT id FROM a WHERE x)",
        "SELECT * FROM a WHERE id = 5 FOR UPDATE",
        "SELECT relname, relkind FROM pg_class WHERE relname = 'a'",
        "VALUES (1, 'a'), (2, NULL)"}) {
    const auto plan = TheDatabase().PlanOf(statement);
    if (plan.ok()) seeds.push_back(plan->SerializeAsString());
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  common::v1::Plan plan;
  return MutateMessage(std::move(input), &plan, random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  common::v1::Plan plan;
  if (!plan.ParseFromArray(data, static_cast<int>(size))) return 0;
  fuzz::Database& database = fuzz::TheDatabase();
  const auto session = *database.storage->OpenSession(database.context);
  if (!session->Begin(database.context, {}).ok()) return 0;
  (void)database.Run(session.get(), plan);
  (void)session->Rollback(database.context);
  return 0;
}
