#include "common/sql/ddl/parentheses.h"

#include "common/sql/parser/lexer.h"

namespace adbms::sql::ddl {

std::string_view WithoutParentheses(std::string_view condition) {
  parser::Lexer lexer(condition);
  parser::Token token = lexer.Next();
  if (lexer.TextOf(token) != "(") return condition;
  const int begin = token.offset + token.length;
  // A subquery's are its own.
  parser::Lexer inner(condition, begin);
  const parser::Token first = inner.Next();
  for (const std::string_view word : {"select", "with", "values", "table"}) {
    if (inner.Is(first, word)) return condition;
  }
  int depth = 1;
  int end = begin;
  while (depth > 0) {
    token = lexer.Next();
    if (token.kind == parser::Token::Kind::kEnd) return condition;
    const std::string_view word = lexer.TextOf(token);
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (depth > 0) end = token.offset + token.length;
  }
  if (lexer.Next().kind != parser::Token::Kind::kEnd) return condition;
  return WithoutParentheses(
      condition.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
}

}  // namespace adbms::sql::ddl
