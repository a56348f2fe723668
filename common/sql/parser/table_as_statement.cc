#include "common/sql/parser/table_as_statement.h"

#include "common/sql/parser/lexer.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {
namespace {

// Where the query starts, and where it ends: before WITH [NO] DATA.
struct Span {
  int begin = 0;
  int end = 0;
};

Span QuerySpan(std::string_view text) {
  Lexer lexer(text);
  int depth = 0;
  Token token = lexer.Next();
  while (token.kind != Token::Kind::kEnd && !(depth == 0 && lexer.Is(token, "as"))) {
    if (lexer.TextOf(token) == "(") ++depth;
    if (lexer.TextOf(token) == ")") --depth;
    token = lexer.Next();
  }
  std::vector<Token> tokens;
  for (token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next())
    tokens.push_back(token);
  if (!tokens.empty() && lexer.TextOf(tokens.back()) == ";") tokens.pop_back();
  const auto ends_with = [&](std::initializer_list<std::string_view> words) {
    if (tokens.size() <= words.size()) return false;
    size_t at = tokens.size() - words.size();
    for (const std::string_view word : words) {
      if (!lexer.Is(tokens[at++], word)) return false;
    }
    return true;
  };
  if (ends_with({"with", "data"})) tokens.resize(tokens.size() - 2);
  if (ends_with({"with", "no", "data"})) tokens.resize(tokens.size() - 3);
  if (tokens.empty()) return {};
  return {tokens.front().offset, tokens.back().offset + tokens.back().length};
}

}  // namespace

absl::Status ClassifyTableAs(const PgQuery__CreateTableAsStmt& node, std::string_view text,
                             Statement* out) {
  const PgQuery__IntoClause& into = *node.into;
  if (node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW)
    return status::NotSupported("CREATE MATERIALIZED VIEW");
  if (node.query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return status::NotSupported("CREATE TABLE AS EXECUTE");
  if (std::string_view(into.rel->relpersistence) == "t")
    return status::NotSupported("a temporary table");
  if (into.n_options > 0 || *into.table_space_name != 0 || *into.access_method != 0)
    return status::NotSupported("an option of CREATE TABLE AS");
  const Span span = QuerySpan(text);
  if (span.end == 0) return status::NotSupported("this form of CREATE TABLE AS");
  out->statement_class = StatementClass::kTableAs;
  out->command_tag = "CREATE TABLE AS";
  TableAsStatement& table = out->table_as;
  table.schema = into.rel->schemaname;
  table.table = into.rel->relname;
  for (size_t i = 0; i < into.n_col_names; ++i)
    table.columns.emplace_back(into.col_names[i]->string->sval);
  table.query = std::string(
      text.substr(static_cast<size_t>(span.begin), static_cast<size_t>(span.end - span.begin)));
  table.query_offset = span.begin;
  table.if_not_exists = node.if_not_exists;
  table.with_data = !into.skip_data;
  return absl::OkStatus();
}

}  // namespace adbms::sql::parser
