// Bodies of programs: what is read, and what PostgreSQL refuses when a function is made.
#include "common/sql/program/program_parser.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"

namespace adbms::sql::program {
namespace {

using Kind = Statement::Kind;

ProgramPtr Parsed(std::string_view body) {
  auto program = ParseProgram(body);
  EXPECT_TRUE(program.ok()) << program.status() << "\n" << body;
  return program.ok() ? *program : nullptr;
}

std::string ErrorOf(std::string_view body) {
  const auto program = ParseProgram(body);
  EXPECT_FALSE(program.ok()) << body;
  const status::SqlError error = status::FromStatus(program.status());
  return error.sqlstate + " " + error.message;
}

TEST(ProgramParserTest, Declarations) {
  const auto program = Parsed(R"(
    <<outer>>
    DECLARE
      a int := 1;
      "B" CONSTANT numeric(10, 2) DEFAULT 2.5;
      c text NOT NULL = 'x';
      r record;
      t public.tbl%ROWTYPE;
      k tbl.id%TYPE;
      z ALIAS FOR $1;
      cur SCROLL CURSOR (n int, m numeric(4,1)) FOR SELECT * FROM tbl WHERE id > n;
      list int[] := ARRAY[1, 2];
    BEGIN
      NULL;
    END outer;)");
  ASSERT_NE(program, nullptr);
  const Block& block = program->block;
  EXPECT_EQ(block.label, "outer");
  ASSERT_EQ(block.variables.size(), 8u);
  EXPECT_EQ(block.variables[0].initial.text, "1");
  EXPECT_EQ(block.variables[1].name, "B");
  EXPECT_EQ(block.variables[1].type_text, "numeric(10, 2)");
  EXPECT_TRUE(block.variables[1].constant);
  EXPECT_TRUE(block.variables[2].not_null);
  EXPECT_EQ(block.variables[3].kind, VariableKind::kRecord);
  EXPECT_EQ(block.variables[4].kind, VariableKind::kRow);
  EXPECT_EQ(block.variables[4].like, (std::vector<std::string>{"public", "tbl"}));
  EXPECT_EQ(block.variables[5].like, (std::vector<std::string>{"tbl", "id"}));
  EXPECT_EQ(block.variables[6].cursor_arguments[1].second, "numeric(4,1)");
  EXPECT_EQ(block.variables[6].cursor_query.text, "SELECT * FROM tbl WHERE id > n");
  EXPECT_EQ(block.variables[7].type_text, "int[]");
  EXPECT_EQ(block.aliases[0], (std::pair<std::string, std::string>("z", "$1")));
}

TEST(ProgramParserTest, Statements) {
  const auto program = Parsed(R"(
    BEGIN
      x := y + 1;
      r.f = 2;
      a[i][2] := a[1][1];
      IF x > 1 THEN y := 1; ELSIF x = 2 THEN NULL; ELSE y := 3; END IF;
      CASE x WHEN 1, 2 THEN y := 1; ELSE y := 2; END CASE;
      <<l>> FOR i IN REVERSE 10..1 BY 2 LOOP EXIT l WHEN i = 3; END LOOP l;
      FOR r IN SELECT * FROM t ORDER BY 1 LOOP CONTINUE; END LOOP;
      FOR a, b IN EXECUTE 'select 1, $1' USING 2 LOOP NULL; END LOOP;
      FOREACH x SLICE 1 IN ARRAY arr LOOP NULL; END LOOP;
      WHILE true LOOP EXIT; END LOOP;
      SELECT id, name INTO STRICT x, r.name FROM t WHERE id = 1;
      INSERT INTO t VALUES (1) RETURNING id INTO x;
      EXECUTE format('delete from %I', 't') USING 1, 2;
      PERFORM f(x);
      GET DIAGNOSTICS n = ROW_COUNT;
      RAISE NOTICE 'a % b %%', x USING HINT = 'h', ERRCODE = '22012';
      RAISE unique_violation USING MESSAGE = 'm';
      RAISE SQLSTATE 'P0002';
      RETURN NEXT r;
      RETURN QUERY EXECUTE 'select 1' USING 3;
      COMMIT AND CHAIN;
      FETCH NEXT FROM cur INTO r;
      CALL p(x);
      BEGIN
        NULL;
      EXCEPTION
        WHEN unique_violation OR SQLSTATE '22012' THEN RAISE;
        WHEN OTHERS THEN NULL;
      END;
      RETURN x;
    END)");
  ASSERT_NE(program, nullptr);
  const Body& body = program->block.body;
  ASSERT_EQ(body.size(), 25u);
  EXPECT_EQ(body[1]->targets[0].name, (std::vector<std::string>{"r", "f"}));
  EXPECT_EQ(body[2]->targets[0].subscripts.text, "[i][2]");
  EXPECT_EQ(body[3]->branches.size(), 2u);
  EXPECT_EQ(body[4]->branches[0].condition.text, "1, 2");
  EXPECT_EQ(body[5]->kind, Kind::kForInteger);
  EXPECT_TRUE(body[5]->reverse);
  EXPECT_EQ(body[5]->by.text, "2");
  EXPECT_EQ(body[6]->kind, Kind::kForQuery);
  EXPECT_EQ(body[7]->kind, Kind::kForExecute);
  EXPECT_EQ(body[7]->using_values[0].text, "2");
  EXPECT_EQ(body[8]->slice, 1);
  EXPECT_TRUE(body[10]->strict);
  EXPECT_EQ(body[10]->targets[1].name[1], "name");
  EXPECT_EQ(body[10]->query.text.find("INTO"), std::string::npos);
  EXPECT_EQ(body[11]->targets[0].name[0], "x");
  EXPECT_NE(body[11]->query.text.find("INSERT INTO t"), std::string::npos);
  EXPECT_EQ(body[13]->query.text, "SELECT f(x)");
  EXPECT_EQ(body[15]->options[1].name, "errcode");
  EXPECT_EQ(body[16]->condition, "unique_violation");
  EXPECT_EQ(body[17]->condition, "P0002");
  EXPECT_TRUE(body[20]->chain);
  EXPECT_EQ(body[21]->direction, "NEXT");
  EXPECT_EQ(body[23]->block->handlers[0].conditions[1], "22012");
}

TEST(ProgramParserTest, Errors) {
  EXPECT_EQ(ErrorOf("x := 1"), "42601 syntax error at or near \"x\"");
  EXPECT_EQ(ErrorOf("BEGIN x := ; END"), "42601 missing expression");
  EXPECT_EQ(ErrorOf("BEGIN x := (1; END"), "42601 mismatched parentheses");
  EXPECT_EQ(ErrorOf("BEGIN IF a THEN b := 1; END"), "42601 syntax error at end of input");
  EXPECT_EQ(ErrorOf("BEGIN SELEC 1; END"), "42601 syntax error at or near \"SELEC\"");
  EXPECT_EQ(ErrorOf("BEGIN x := 1 +; END"), "42601 syntax error at end of input");
  EXPECT_EQ(ErrorOf("BEGIN RAISE NOTICE 'a %'; END"),
            "42601 too few parameters specified for RAISE");
  EXPECT_EQ(ErrorOf("DECLARE a int; a text; BEGIN END"), "42601 duplicate declaration");
  EXPECT_EQ(ErrorOf("BEGIN <<l>> LOOP NULL; END LOOP m; END"),
            "42601 end label \"m\" differs from block's label \"l\"");
  EXPECT_EQ(ErrorOf("BEGIN 'abc"), "42601 syntax error at or near \"'abc\"");
  std::string deep = "BEGIN ";
  for (int i = 0; i < 5000; ++i) deep += "IF a THEN ";
  EXPECT_EQ(ErrorOf(deep).substr(0, 5), "54001");
}

}  // namespace
}  // namespace adbms::sql::program
