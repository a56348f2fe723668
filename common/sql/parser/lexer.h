// PostgreSQL's lexical rules, as far as finding token boundaries needs them. Pure; no allocation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adbms::sql::parser {

struct Token {
  enum class Kind {
    kEnd,
    kWord,        // identifier or keyword
    kQuotedWord,  // "…"
    kInteger,
    kNumber,
    kString,       // '…' without escapes by backslash
    kOtherString,  // E'', B'', X'', N'', U&'', U&"", $$…$$
    kParameter,    // $1
    kSymbol,       // one character of an operator or punctuation
    kInvalid,      // unterminated, or junk such as 12abc
  };
  Kind kind = Kind::kEnd;
  int offset = 0;
  int length = 0;
};

// Reads tokens one by one; whitespace and comments (nested too) are skipped.
class Lexer {
 public:
  explicit Lexer(std::string_view text, int offset = 0) : text_(text), at_(offset) {}
  Token Next();
  std::string_view TextOf(const Token& token) const {
    return text_.substr(token.offset, token.length);
  }
  // Whether the word is this keyword (given in lower case).
  bool Is(const Token& token, std::string_view keyword) const;
  // Whether something was skipped before the last token.
  bool skipped() const { return skipped_; }

 private:
  bool SkipSpace();
  Token Quoted(Token::Kind kind, size_t quote_at, bool backslash);
  Token Number();
  Token Dollar();

  std::string_view text_;
  size_t at_;
  bool skipped_ = false;
};

// The start of what follows, in bytes, or -1: the inner statement of EXPLAIN, PREPARE and DECLARE.
int InnerStatementOffset(std::string_view text);
// The text between the first top-level parentheses, split at its commas when `split`.
std::vector<std::string> ParenthesizedParts(std::string_view text, bool split);

}  // namespace adbms::sql::parser
