// PL/pgSQL's tokens, with the few questions that its grammar asks. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/program/program.h"

namespace adbms::sql::program {

using parser::Token;

class TokenReader {
 public:
  // `text` is borrowed.
  explicit TokenReader(std::string_view text);

  const Token& at(size_t ahead = 0) const;
  // REQUIRES: not at the end, beyond which it stays.
  void Skip(size_t count = 1);
  bool AtEnd() const { return at().kind == Token::Kind::kEnd; }
  std::string_view TextOf(const Token& token) const;
  // The keyword, in lower case, stands here.
  bool Is(std::string_view keyword, size_t ahead = 0) const;
  // A symbol of one or more characters without space between them: ":=", "..", "<<".
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const;
  // Takes the keyword or the symbol if it stands here.
  bool Take(std::string_view keyword);
  bool TakeSymbol(std::string_view symbol);
  // Errors: 42601 "syntax error at or near …".
  absl::Status Expect(std::string_view keyword);
  absl::Status ExpectSymbol(std::string_view symbol);
  bool IsName(size_t ahead = 0) const;
  // An identifier, folded. Errors: 42601.
  absl::StatusOr<std::string> TakeName();
  std::string NameAt(size_t ahead = 0) const;
  // name[.name…]
  absl::StatusOr<std::vector<std::string>> TakeQualifiedName();
  // What stands between the two offsets, with its place.
  Fragment FragmentOf(int begin, int end) const;
  // Everything up to one of the keywords or symbols outside of parentheses, which stays unread.
  // Errors: 42601 where there is none, or nothing before it.
  absl::StatusOr<Fragment> ReadUntil(const std::vector<std::string_view>& ends);
  int LineOf(int offset) const;
  // Where the token that was taken last ends.
  int last_end() const { return last_end_; }
  size_t position() const { return position_; }
  void Rewind(size_t position) { position_ = position; }

  absl::Status SyntaxError() const;
  absl::Status ErrorAt(int offset, std::string_view sqlstate, std::string_view message) const;

 private:
  const std::string_view text_;
  std::vector<Token> tokens_;
  size_t position_ = 0;
  int last_end_ = 0;
};

// The constant that a string token is. False for one that is none.
bool StringValue(std::string_view token, std::string* value);
// An identifier as PostgreSQL keeps it: folded, or without its quotes.
std::string FoldName(std::string_view token);

}  // namespace adbms::sql::program
