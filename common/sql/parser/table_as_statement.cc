#include "common/sql/parser/table_as_statement.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

QueryText QueryOf(std::string_view text) {
  Lexer lexer(text);
  int depth = 0;
  Token token = lexer.Next();
  while (token.kind != Token::Kind::kEnd && !(depth == 0 && lexer.Is(token, "as"))) {
    if (lexer.TextOf(token) == "(") ++depth;
    if (lexer.TextOf(token) == ")") --depth;
    token = lexer.Next();
  }
  std::vector<Token> tokens;
  for (token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if (lexer.TextOf(token) == ";") break;
    tokens.push_back(token);
  }
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

namespace {

// WITH (…) of the statement that makes the table, which reads the values.
std::string StorageParameters(NodeList options) {
  std::string result;
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view space = View(option.defnamespace);
    absl::StrAppend(&result, result.empty() ? "WITH (" : ", ",
                    space.empty() ? "" : absl::StrCat(std::string(space), "."), option.defname);
    if (option.arg != nullptr)
      absl::StrAppend(&result, " = '", absl::StrReplaceAll(ConstantText(option.arg), {{"'", "''"}}),
                      "'");
  }
  return result.empty() ? result : result + ")";
}

// The words of INTO's table: as in CREATE. Errors: 0A000.
absl::Status ReadInto(const PgQuery__IntoClause& into, Statement* out) {
  if (*into.table_space_name != 0) return status::NotSupported("TABLESPACE");
  const std::string_view method = View(into.access_method);
  if (!method.empty() && method != "heap")
    return status::Error(
        status::sqlstate::kUndefinedObject,
        absl::StrCat("access method \"", std::string(method), "\" does not exist"));
  TableAsStatement& table = out->table_as;
  table.options = StorageParameters({into.options, into.n_options});
  table.schema = View(into.rel->schemaname);
  table.table = into.rel->relname;
  if (std::string_view(into.rel->relpersistence) == "t") table.kind = "TEMPORARY TABLE";
  if (into.on_commit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP)
    table.options += " ON COMMIT DROP";
  if (into.on_commit == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS)
    table.options += " ON COMMIT DELETE ROWS";
  for (size_t i = 0; i < into.n_col_names; ++i)
    table.columns.emplace_back(into.col_names[i]->string->sval);
  table.with_data = !into.skip_data;
  return absl::OkStatus();
}

// SELECT … INTO … without the INTO: from the word, which is the last one before the table's name,
// to the name's end.
std::string WithoutInto(std::string_view text, int name) {
  Lexer lexer(text);
  int begin = -1;
  Token token = lexer.Next();
  for (; token.kind != Token::Kind::kEnd && token.offset < name; token = lexer.Next()) {
    if (lexer.Is(token, "into")) begin = token.offset;
  }
  int end = token.offset + token.length;
  while (begin >= 0 && token.kind != Token::Kind::kEnd) {
    token = lexer.Next();
    if (token.kind == Token::Kind::kEnd || lexer.TextOf(token) != ".") break;
    token = lexer.Next();
    end = token.offset + token.length;
  }
  std::string query(text);
  // What an error points at stays where it is.
  if (begin >= 0) query.replace(begin, end - begin, end - begin, ' ');
  return query;
}

}  // namespace

const PgQuery__IntoClause* IntoOf(const PgQuery__SelectStmt& select) {
  const PgQuery__SelectStmt* first = &select;
  while (first->larg != nullptr) first = first->larg;
  return first->into_clause;
}

absl::Status ClassifyInto(const PgQuery__IntoClause& into, std::string_view text, int offset,
                          Statement* out) {
  RETURN_IF_ERROR(ReadInto(into, out));
  out->statement_class = StatementClass::kTableAs;
  out->command_tag = "SELECT INTO";
  out->table_as.query = WithoutInto(text, into.rel->location - offset);
  return absl::OkStatus();
}

absl::Status ClassifyTableAs(const PgQuery__CreateTableAsStmt& node, std::string_view text,
                             Statement* out) {
  const PgQuery__IntoClause& into = *node.into;
  if (node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) {
    out->statement_class = StatementClass::kRefresh;
    out->command_tag = "CREATE MATERIALIZED VIEW";
    out->refresh = {std::string(View(into.rel->schemaname)), into.rel->relname, /*create=*/true,
                    /*concurrently=*/false, !into.skip_data};
    return absl::OkStatus();
  }
  out->table_as.executes = node.query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT;
  RETURN_IF_ERROR(ReadInto(into, out));
  const QueryText query = QueryOf(text);
  if (query.end == 0) return status::NotSupported("this form of CREATE TABLE AS");
  out->statement_class = StatementClass::kTableAs;
  out->command_tag = "CREATE TABLE AS";
  TableAsStatement& table = out->table_as;
  table.query = std::string(
      text.substr(static_cast<size_t>(query.begin), static_cast<size_t>(query.end - query.begin)));
  table.query_offset = query.begin;
  table.if_not_exists = node.if_not_exists;
  return absl::OkStatus();
}

}  // namespace adbms::sql::parser
