// Parse(): splits a query string and classifies its statements.
#include "common/sql/parser/parse_tree.h"
#include "common/sql/parser/statement_classifier.h"
#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A location that the tree counts from the start of the text, so that 0 means the first byte.
std::pair<int, int> Extent(const PgQuery__RawStmt& raw, std::string_view text) {
  int begin = raw.stmt_location;
  int end = raw.stmt_len > 0 ? begin + raw.stmt_len : static_cast<int>(text.size());
  while (begin < end && IsSpace(text[begin])) ++begin;
  while (end > begin && (IsSpace(text[end - 1]) || text[end - 1] == ';')) --end;
  return {begin, end};
}

}  // namespace

absl::StatusOr<std::vector<Statement>> Parse(std::string_view sql) {
  ASSIGN_OR_RETURN(std::shared_ptr<const parser::ParseTree> tree, parser::ParseTree::Parse(sql));
  std::vector<Statement> statements;
  const PgQuery__ParseResult& result = tree->result();
  statements.reserve(result.n_stmts);
  for (size_t i = 0; i < result.n_stmts; ++i) {
    const auto [begin, end] = Extent(*result.stmts[i], tree->text());
    Statement& statement = statements.emplace_back();
    statement.text = tree->text().substr(begin, end - begin);
    statement.offset = begin;
    auto node = std::make_shared<parser::StatementTree>();
    node->parse = tree;
    node->node = result.stmts[i]->stmt;
    node->offset = begin;
    RETURN_IF_ERROR(parser::Classify(*node, &statement));
    statement.tree = std::move(node);
  }
  return statements;
}

}  // namespace adbms::sql
