#include "common/sql/parser/nesting.h"

#include <algorithm>
#include <vector>

#include "common/sql/parser/lexer.h"
#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {
namespace {

// Several tokens may make one operator.
constexpr int kMaxChain = 8 * kMaxDepth;

// The chains that are under way between two brackets.
struct Chains {
  int operators = 0;
  int relations = 0;  // Joins and set operations, which lists do not interrupt.
};

bool IsAnyOf(const Lexer& lexer, const Token& token,
             std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lexer.Is(token, word); });
}

}  // namespace

bool NestsFarTooDeep(std::string_view sql) {
  if (sql.size() < static_cast<size_t>(kMaxChain)) return false;
  constexpr std::string_view kOperators = "+-*/%^<>=~!@#&|`?:";
  Lexer lexer(sql);
  std::vector<Chains> open(1);
  for (;;) {
    const Token token = lexer.Next();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid) return false;
    Chains& chains = open.back();
    if (token.kind == Token::Kind::kSymbol) {
      const char c = sql[static_cast<size_t>(token.offset)];
      if (c == '(' || c == '[') {
        open.emplace_back();
        continue;
      }
      if ((c == ')' || c == ']') && open.size() > 1) open.pop_back();
      if (c == ',') chains.operators = 0;
      if (c == ';') chains = Chains();
      if (kOperators.find(c) != kOperators.npos) ++chains.operators;
    } else if (token.kind == Token::Kind::kWord) {
      if (IsAnyOf(lexer, token, {"and", "or", "when", "then", "else", "select", "from", "where"})) {
        chains.operators = 0;
      } else if (IsAnyOf(lexer, token, {"union", "intersect", "except", "join"})) {
        ++chains.relations;
      } else if (IsAnyOf(lexer, token,
                         {"not", "is", "isnull", "notnull", "at", "collate", "like", "ilike",
                          "similar", "in"})) {
        ++chains.operators;
      }
    }
    if (chains.operators > kMaxChain || chains.relations > kMaxChain) return true;
  }
}

}  // namespace adbms::sql::parser
