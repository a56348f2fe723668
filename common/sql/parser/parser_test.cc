#include <gtest/gtest.h>

#include "common/sql/parser/lexer.h"
#include "common/sql/sql.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

Statement ParseOne(const std::string& sql) {
  auto statements = Parse(sql);
  EXPECT_TRUE(statements.ok()) << sql << ": " << statements.status();
  if (!statements.ok() || statements->size() != 1) return {};
  return (*statements)[0];
}

// Without the bound this takes minutes.
TEST(Parser, LongChainsAreRefusedAtOnce) {
  const auto chain = [](std::string text, std::string_view link) {
    for (int i = 0; i < 200000; ++i) text += link;
    return text;
  };
  for (const char* link : {"::int", "+1", " is null", " collate \"C\"", " union select 1, 2"}) {
    const auto statements = Parse(chain("select 1, 2", link));
    EXPECT_TRUE(status::HasSqlState(statements.status(), status::sqlstate::kStatementTooComplex))
        << link << ": " << statements.status();
  }
  // Long, and flat.
  EXPECT_TRUE(Parse(chain("select 1", ", -1::int")).ok());
  EXPECT_TRUE(Parse(chain("select true", " and 1 = -1")).ok());
  EXPECT_TRUE(Parse(chain("select 1", "; select 1 + 1")).ok());
}

TEST(Parse, SplitsStatements) {
  auto statements = Parse("SELECT 1; \n UPDATE t SET a = 'x;y' ;BEGIN");
  ASSERT_TRUE(statements.ok());
  ASSERT_EQ(statements->size(), 3u);
  EXPECT_EQ((*statements)[0].text, "SELECT 1");
  EXPECT_EQ((*statements)[1].text, "UPDATE t SET a = 'x;y'");
  EXPECT_EQ((*statements)[1].offset, 12);
  EXPECT_EQ((*statements)[1].command_tag, "UPDATE");
  EXPECT_EQ((*statements)[2].statement_class, StatementClass::kTransaction);
  EXPECT_TRUE(Parse("")->empty());
  EXPECT_TRUE(Parse(" ; ;-- nothing\n")->empty());
}

TEST(Parse, SyntaxErrorsCarryCharacterPositions) {
  const auto result = Parse("SELECT 'äö' FROM WHERE");
  ASSERT_FALSE(result.ok());
  const status::SqlError error = status::FromStatus(result.status());
  EXPECT_EQ(error.sqlstate, "42601");
  EXPECT_EQ(error.message, "syntax error at or near \"WHERE\"");
  EXPECT_EQ(error.position, 18);
}

TEST(Parse, BoundsDepthAndSize) {
  const std::string open(10000, '(');
  const std::string close(10000, ')');
  auto nested = Parse("SELECT " + open + "1" + close);
  ASSERT_FALSE(nested.ok());
  EXPECT_EQ(status::FromStatus(nested.status()).sqlstate, "54001");
  auto large = Parse("SELECT '" + std::string(17 << 20, 'x') + "'");
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(status::FromStatus(large.status()).sqlstate, "54001");
  std::string sum = "SELECT 1";
  for (int i = 0; i < 10000; ++i) sum += "+1";
  auto deep = Parse(sum);
  if (!deep.ok()) {
    EXPECT_EQ(status::FromStatus(deep.status()).sqlstate, "54001");
  }
  std::string many = "SELECT 1 WHERE 1=1";
  for (int i = 0; i < 5000; ++i) many += " AND 1=1";
  EXPECT_TRUE(Parse(many).ok());
}

TEST(Parse, ClassifiesSessionStatements) {
  const Statement begin = ParseOne("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY");
  EXPECT_EQ(begin.transaction.kind, TransactionStatement::Kind::kBegin);
  EXPECT_EQ(begin.transaction.isolation, "serializable");
  EXPECT_EQ(begin.transaction.read_only, true);
  EXPECT_EQ(ParseOne("ROLLBACK TO SAVEPOINT a").transaction.savepoint, "a");
  const Statement set = ParseOne("SET LOCAL Search_Path TO a, 'B'");
  EXPECT_EQ(set.set.name, "search_path");
  EXPECT_EQ(set.set.values, (std::vector<std::string>{"a", "B"}));
  EXPECT_TRUE(set.set.is_local);
  EXPECT_TRUE(ParseOne("RESET ALL").set.reset);
  EXPECT_EQ(ParseOne("SHOW TimeZone").show.name, "timezone");
  EXPECT_EQ(ParseOne("DEALLOCATE ALL").deallocate.name, "");
  EXPECT_EQ(ParseOne("VACUUM ANALYZE t").analyze.tables[0].name(), "t");
}

TEST(Parse, ExtractsInnerStatements) {
  const Statement explain = ParseOne("EXPLAIN (ANALYZE, FORMAT json) /* x */ SELECT 1");
  EXPECT_EQ(explain.explain.sql, "SELECT 1");
  EXPECT_EQ(explain.explain.sql_offset, 39);
  EXPECT_TRUE(explain.explain.analyze);
  EXPECT_TRUE(explain.explain.format == ExplainFormat::kJson);
  EXPECT_EQ(ParseOne("explain analyze verbose select 2").explain.sql, "select 2");
  const Statement prepare = ParseOne("PREPARE p (int, varchar(3)) AS SELECT $1");
  EXPECT_EQ(prepare.prepare.sql, "SELECT $1");
  EXPECT_EQ(prepare.prepare.parameter_types.size(), 2u);
  const Statement execute = ParseOne("EXECUTE p(1, f(2,3), 'a,b')");
  EXPECT_EQ(execute.execute.argument_sql, (std::vector<std::string>{"1", " f(2,3)", " 'a,b'"}));
  const Statement cursor = ParseOne("DECLARE c CURSOR WITH HOLD FOR SELECT 1");
  EXPECT_EQ(cursor.cursor.query, "SELECT 1");
  EXPECT_TRUE(cursor.cursor.hold);
  EXPECT_EQ(ParseOne("FETCH ALL c").cursor.count, INT64_MAX);
  const Statement copy = ParseOne("COPY (SELECT (1)) TO STDOUT WITH (FORMAT csv, HEADER)");
  EXPECT_EQ(copy.copy.query, "SELECT (1)");
  EXPECT_TRUE(copy.copy.csv && copy.copy.header && !copy.copy.from);
}

TEST(Parse, ClassifiesRoles) {
  const Statement create = ParseOne("CREATE USER joe PASSWORD 'x' SUPERUSER");
  EXPECT_EQ(create.role.roles, std::vector<std::string>{"joe"});
  EXPECT_EQ(create.role.password, "x");
  EXPECT_EQ(create.role.login, true);
  EXPECT_EQ(create.role.superuser, true);
  const Statement grant = ParseOne("GRANT SELECT, INSERT ON s.t TO PUBLIC, joe");
  EXPECT_EQ(grant.role.privileges, (std::vector<std::string>{"select", "insert"}));
  EXPECT_EQ(grant.role.roles, (std::vector<std::string>{"", "joe"}));
  EXPECT_EQ(grant.role.tables[0].schema(), "s");
  EXPECT_EQ(ParseOne("GRANT a TO b").role.kind, RoleStatement::Kind::kGrantRole);
}

TEST(Parse, ClassifiesNotifications) {
  using Kind = NotifyStatement::Kind;
  struct Case {
    const char* sql;
    Kind kind;
    const char* channel;
    const char* payload;
    const char* tag;
  };
  for (const Case& expected : {Case{"LISTEN a", Kind::kListen, "a", "", "LISTEN"},
                               Case{"UNLISTEN \"A b\"", Kind::kUnlisten, "A b", "", "UNLISTEN"},
                               Case{"UNLISTEN *", Kind::kUnlisten, "", "", "UNLISTEN"},
                               Case{"NOTIFY a", Kind::kNotify, "a", "", "NOTIFY"},
                               Case{"NOTIFY a, 'b'", Kind::kNotify, "a", "b", "NOTIFY"}}) {
    const auto statements = Parse(expected.sql);
    ASSERT_TRUE(statements.ok()) << expected.sql;
    const Statement& statement = statements->front();
    EXPECT_EQ(statement.statement_class, StatementClass::kNotify) << expected.sql;
    EXPECT_EQ(statement.notify.kind, expected.kind) << expected.sql;
    EXPECT_EQ(statement.notify.channel, expected.channel) << expected.sql;
    EXPECT_EQ(statement.notify.payload, expected.payload) << expected.sql;
    EXPECT_EQ(statement.command_tag, expected.tag) << expected.sql;
  }
}

TEST(Parse, FindsTheQueryOfInto) {
  const Statement into =
      ParseOne("SELECT a AS \"into\", 'into' INTO TEMP s . t FROM x UNION SELECT 1, 2");
  EXPECT_EQ(into.statement_class, StatementClass::kTableAs);
  EXPECT_EQ(into.table_as.schema, "s");
  EXPECT_EQ(into.table_as.table, "t");
  EXPECT_EQ(into.table_as.kind, "TEMPORARY TABLE");
  EXPECT_EQ(into.table_as.query,
            "SELECT a AS \"into\", 'into'                 FROM x UNION SELECT 1, 2");
  const Statement as =
      ParseOne("CREATE TEMP TABLE t (a) ON COMMIT DROP AS SELECT 1 AS x WITH NO DATA");
  EXPECT_EQ(as.table_as.kind, "TEMPORARY TABLE");
  EXPECT_EQ(as.table_as.options, " ON COMMIT DROP");
  EXPECT_EQ(as.table_as.query, "SELECT 1 AS x");
  EXPECT_FALSE(as.table_as.with_data);
}

TEST(Parse, ClassifiesMaterializedViews) {
  const Statement create = ParseOne("CREATE MATERIALIZED VIEW s.m AS SELECT 1 WITH NO DATA");
  EXPECT_EQ(create.statement_class, StatementClass::kRefresh);
  EXPECT_EQ(create.refresh.schema, "s");
  EXPECT_EQ(create.refresh.view, "m");
  EXPECT_TRUE(create.refresh.create);
  EXPECT_FALSE(create.refresh.with_data);
  const Statement refresh = ParseOne("REFRESH MATERIALIZED VIEW CONCURRENTLY m");
  EXPECT_TRUE(refresh.refresh.concurrently);
  EXPECT_TRUE(refresh.refresh.with_data);
  EXPECT_EQ(refresh.command_tag, "REFRESH MATERIALIZED VIEW");
}

TEST(Parse, RefusesWhatIsNotSupported) {
  for (const char* sql :
       {"ALTER FUNCTION f() DEPENDS ON EXTENSION x", "LOAD 'x'",
        "CREATE RULE r AS ON INSERT TO a DO NOTHING",
        "CREATE OPERATOR CLASS c FOR TYPE int USING btree AS STORAGE int", "CREATE PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"}) {
    const auto result = Parse(sql);
    ASSERT_FALSE(result.ok()) << sql;
    EXPECT_EQ(status::FromStatus(result.status()).sqlstate, "0A000") << sql;
  }
}

TEST(Parse, FunctionsAndTriggersAreSchemaChanges) {
  const std::pair<const char*, const char*> kTags[] = {
      {"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", "CREATE FUNCTION"},
      {"CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; SELECT 2; END", "CREATE PROCEDURE"},
      {"CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()", "CREATE TRIGGER"},
      {"ALTER ROUTINE f STABLE", "ALTER ROUTINE"},
      {"ALTER FUNCTION f(int) RENAME TO g", "ALTER FUNCTION"},
      {"ALTER PROCEDURE f(int) OWNER TO a", "ALTER PROCEDURE"},
      {"ALTER FUNCTION f SET SCHEMA s", "ALTER FUNCTION"},
      {"ALTER TRIGGER t ON a RENAME TO u", "ALTER TRIGGER"},
      {"DROP ROUTINE f, g(int)", "DROP ROUTINE"},
      {"DROP TRIGGER IF EXISTS t ON a", "DROP TRIGGER"},
      {"ALTER TABLE a DISABLE TRIGGER ALL", "ALTER TABLE"},
      {"COMMENT ON TRIGGER t ON a IS 'x'", "COMMENT"},
  };
  for (const auto& [sql, tag] : kTags) {
    const auto statements = Parse(sql);
    ASSERT_TRUE(statements.ok()) << sql << statements.status();
    ASSERT_EQ(statements->size(), 1u) << sql;
    EXPECT_EQ(statements->front().statement_class, StatementClass::kDdl) << sql;
    EXPECT_EQ(statements->front().command_tag, tag) << sql;
  }
}

ScannedStatement Scan(const std::string& sql) {
  ScannedStatement scanned;
  EXPECT_TRUE(ScanLiterals(sql, &scanned)) << sql;
  return scanned;
}

TEST(ScanLiterals, LiftsConstants) {
  const ScannedStatement scanned =
      Scan("SELECT a1, 5, -2.5e3, 'it''s' FROM t2 WHERE x=$1 AND \"c 1\" = 7");
  ASSERT_EQ(scanned.literals.size(), 4u);
  EXPECT_EQ(scanned.literals[0].value, "5");
  EXPECT_EQ(scanned.literals[1].value, "2.5e3");
  EXPECT_EQ(scanned.literals[1].kind, Literal::Kind::kNumber);
  EXPECT_EQ(scanned.literals[2].value, "it's");
  EXPECT_EQ(scanned.literals[3].value, "7");
  EXPECT_EQ(scanned.first_word, "select");
}

TEST(ScanLiterals, KeysIgnoreValuesSpaceAndComments) {
  EXPECT_EQ(Scan("SELECT  a FROM t /* x /* y */ */ WHERE b = 1").key,
            Scan("SELECT a\nFROM t WHERE b = 22 -- z").key);
  EXPECT_NE(Scan("SELECT 1").key, Scan("SELECT 3000000000").key);
  EXPECT_NE(Scan("SELECT 1").key, Scan("SELECT 1.0").key);
  EXPECT_NE(Scan("SELECT 1").key, Scan("SELECT '1'").key);
  EXPECT_NE(Scan("SELECT a b").key, Scan("SELECT ab").key);
  EXPECT_NE(Scan("SELECT a - -b").key, Scan("SELECT a b").key);
  EXPECT_NE(Scan("SELECT \"A\"").key, Scan("SELECT \"a\"").key);
}

TEST(ScanLiterals, RefusesWhatItCannotRead) {
  ScannedStatement scanned;
  for (const char* sql : {"SELECT E'a'", "SELECT U&'a'", "SELECT B'1'", "SELECT X'1'",
                          "SELECT $$a$$", "SELECT $x$a$x$", "SELECT 'a", "SELECT \"a",
                          "SELECT /* a", "SELECT 'a'\n'b'", "SELECT 12abc", "SELECT N'a'"})
    EXPECT_FALSE(ScanLiterals(sql, &scanned)) << sql;
}

TEST(ScanLiterals, SeesSeveralStatements) {
  EXPECT_FALSE(Scan("SELECT 1;").multiple_statements);
  EXPECT_TRUE(Scan("SELECT 1; SELECT 2").multiple_statements);
}

// Random edits of real statements must neither crash nor confuse the scanner and the parser.
TEST(Robustness, SurvivesMutations) {
  const std::string seeds[] = {
      "SELECT n.nspname AS \"Schema\", c.relname FROM pg_catalog.pg_class c LEFT JOIN "
      "pg_catalog.pg_namespace n ON "
      "n.oid = c.relnamespace WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' ORDER "
      "BY 1,2;",
      "INSERT INTO t (a, b) VALUES (1, 'x''y'), (-2.5, E'\\n') ON CONFLICT (a) DO UPDATE SET b = "
      "excluded.b",
      "UPDATE accounts SET balance = balance + -371 WHERE id = $1 RETURNING *",
      "WITH q AS (SELECT 1) SELECT CASE WHEN a IS NULL THEN $$x$$ ELSE U&'y' END FROM q -- done",
      "CREATE TABLE t (a int PRIMARY KEY, b varchar(10) DEFAULT 'x' CHECK (b <> ''), UNIQUE (a, "
      "b))",
      "COPY t (a) FROM STDIN WITH (FORMAT csv, DELIMITER ',')",
      "DECLARE c CURSOR FOR SELECT /* /* */ */ 1"};
  uint64_t random = 42;
  auto next = [&random](size_t bound) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((random >> 33) % bound);
  };
  const std::string alphabet =
      "'\"$();,.-/*\\ \n\x80\xff"
      "aE1:=<>[]";
  for (int round = 0; round < 3000; ++round) {
    std::string text = seeds[next(std::size(seeds))];
    for (size_t edits = 1 + next(4); edits > 0 && !text.empty(); --edits) {
      const size_t at = next(text.size());
      switch (next(3)) {
        case 0:
          text.erase(at, 1 + next(8));
          break;
        case 1:
          text.insert(at, 1, alphabet[next(alphabet.size())]);
          break;
        default:
          text[at] = alphabet[next(alphabet.size())];
      }
    }
    ScannedStatement scanned;
    if (ScanLiterals(text, &scanned)) {
      for (const Literal& literal : scanned.literals)
        ASSERT_LE(static_cast<size_t>(literal.offset + literal.length), text.size());
    }
    (void)Parse(text);
  }
}

TEST(Literals, LongOnesHaveStandIns) {
  const std::string big(5000, 'x');
  ShortenedStatement shortened;
  ASSERT_TRUE(ShortenLiterals("INSERT INTO t VALUES (1, '" + big + "''y', 'short')", &shortened));
  EXPECT_LT(shortened.text.size(), 60u);
  ASSERT_EQ(shortened.scanned.literals.size(), 3u);
  EXPECT_EQ(shortened.stand_ins, (std::vector<uint32_t>{1}));
  EXPECT_EQ(shortened.scanned.literals[1].value, big + "'y");
  EXPECT_EQ(shortened.scanned.literals[2].value, "short");
  for (const Literal& literal : shortened.scanned.literals) {
    ASSERT_LE(static_cast<size_t>(literal.offset + literal.length), shortened.text.size());
  }
  const Literal& last = shortened.scanned.literals[2];
  EXPECT_EQ(
      shortened.text.substr(static_cast<size_t>(last.offset), static_cast<size_t>(last.length)),
      "'short'");
  EXPECT_TRUE(Parse(shortened.text).ok());
  // Nothing to shorten, and what cannot be scanned.
  EXPECT_FALSE(ShortenLiterals("SELECT 'short'", &shortened));
  EXPECT_FALSE(ShortenLiterals("SELECT E'\\n', '" + big + "'", &shortened));
  EXPECT_FALSE(ShortenLiterals("SELECT '" + big, &shortened));
}

}  // namespace
}  // namespace adbms::sql
