#include "common/sql/parser/lexer.h"

namespace adbms::sql::parser {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool Lexer::SkipSpace() {
  skipped_ = false;
  while (at_ < text_.size()) {
    if (IsSpace(text_[at_])) {
      ++at_;
    } else if (text_.substr(at_, 2) == "--") {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else if (text_.substr(at_, 2) == "/*") {
      int depth = 0;
      do {
        if (text_.substr(at_, 2) == "/*") {
          ++depth;
          at_ += 2;
        } else if (text_.substr(at_, 2) == "*/") {
          --depth;
          at_ += 2;
        } else if (at_ >= text_.size()) {
          return false;
        } else {
          ++at_;
        }
      } while (depth > 0);
    } else {
      break;
    }
    skipped_ = true;
  }
  return true;
}

Token Lexer::Quoted(Token::Kind kind, size_t quote_at, bool backslash) {
  const size_t start = at_;
  const char quote = text_[quote_at];
  for (size_t i = quote_at + 1; i < text_.size(); ++i) {
    if (!backslash) {
      i = text_.find(quote, i);  // Constants can be long.
      if (i == std::string_view::npos) break;
    }
    if (backslash && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 < text_.size() && text_[i + 1] == quote) {
        ++i;
        continue;
      }
      at_ = i + 1;
      return {kind, static_cast<int>(start), static_cast<int>(at_ - start)};
    }
  }
  at_ = text_.size();
  return {Token::Kind::kInvalid, static_cast<int>(start), static_cast<int>(at_ - start)};
}

Token Lexer::Number() {
  const size_t start = at_;
  bool integer = true;
  while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
  if (at_ < text_.size() && text_[at_] == '.' && text_.substr(at_, 2) != "..") {
    integer = false;
    ++at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    size_t digits = at_ + 1;
    if (digits < text_.size() && (text_[digits] == '+' || text_[digits] == '-')) ++digits;
    if (digits < text_.size() && IsDigit(text_[digits])) {
      integer = false;
      at_ = digits;
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    }
  }
  Token::Kind kind = integer ? Token::Kind::kInteger : Token::Kind::kNumber;
  if (at_ < text_.size() && IsWordStart(text_[at_])) kind = Token::Kind::kInvalid;
  return {kind, static_cast<int>(start), static_cast<int>(at_ - start)};
}

Token Lexer::Dollar() {
  const size_t start = at_;
  if (at_ + 1 < text_.size() && IsDigit(text_[at_ + 1])) {
    ++at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    const bool junk = at_ < text_.size() && IsWordStart(text_[at_]);
    return {junk ? Token::Kind::kInvalid : Token::Kind::kParameter, static_cast<int>(start),
            static_cast<int>(at_ - start)};
  }
  size_t tag_end = at_ + 1;
  while (tag_end < text_.size() && text_[tag_end] != '$' && IsWordPart(text_[tag_end])) ++tag_end;
  if (tag_end < text_.size() && text_[tag_end] == '$') {
    const std::string_view tag = text_.substr(at_, tag_end + 1 - at_);
    const size_t close = text_.find(tag, tag_end + 1);
    at_ = close == text_.npos ? text_.size() : close + tag.size();
    return {close == text_.npos ? Token::Kind::kInvalid : Token::Kind::kOtherString,
            static_cast<int>(start), static_cast<int>(at_ - start)};
  }
  ++at_;
  return {Token::Kind::kInvalid, static_cast<int>(start), 1};
}

Token Lexer::Next() {
  if (!SkipSpace()) {
    const int start = static_cast<int>(at_);
    at_ = text_.size();
    return {Token::Kind::kInvalid, start, 0};
  }
  if (at_ >= text_.size()) return {Token::Kind::kEnd, static_cast<int>(at_), 0};
  const char c = text_[at_];
  const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (c == '\'') return Quoted(Token::Kind::kString, at_, false);
  if (c == '"') return Quoted(Token::Kind::kQuotedWord, at_, false);
  if (c == '$') return Dollar();
  // 1..10 are two numbers with a symbol between them.
  const bool second_dot = at_ > 0 && text_[at_ - 1] == '.';
  if (IsDigit(c) || (c == '.' && IsDigit(next) && !second_dot)) return Number();
  if (IsWordStart(c)) {
    const char lower = Lower(c);
    if (next == '\'' && (lower == 'e' || lower == 'b' || lower == 'x' || lower == 'n'))
      return Quoted(Token::Kind::kOtherString, at_ + 1, lower == 'e');
    if (lower == 'u' && next == '&' && at_ + 2 < text_.size() &&
        (text_[at_ + 2] == '\'' || text_[at_ + 2] == '"'))
      return Quoted(Token::Kind::kOtherString, at_ + 2, false);
    const size_t start = at_;
    while (at_ < text_.size() && IsWordPart(text_[at_])) ++at_;
    return {Token::Kind::kWord, static_cast<int>(start), static_cast<int>(at_ - start)};
  }
  ++at_;
  return {Token::Kind::kSymbol, static_cast<int>(at_ - 1), 1};
}

bool Lexer::Is(const Token& token, std::string_view keyword) const {
  if (token.kind != Token::Kind::kWord || token.length != static_cast<int>(keyword.size()))
    return false;
  for (int i = 0; i < token.length; ++i) {
    if (Lower(text_[token.offset + i]) != keyword[i]) return false;
  }
  return true;
}

int InnerStatementOffset(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.Next();
  const bool prepare = lexer.Is(token, "prepare");
  const bool declare = lexer.Is(token, "declare");
  if (prepare || declare) {
    int depth = 0;
    while (true) {
      token = lexer.Next();
      if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid) return -1;
      const std::string_view symbol = lexer.TextOf(token);
      if (token.kind == Token::Kind::kSymbol && symbol == "(") ++depth;
      if (token.kind == Token::Kind::kSymbol && symbol == ")") --depth;
      if (depth == 0 && lexer.Is(token, prepare ? "as" : "for")) return lexer.Next().offset;
    }
  }
  if (!lexer.Is(token, "explain")) return -1;
  token = lexer.Next();
  if (lexer.TextOf(token) == "(") {
    // Options in parentheses, unless this is EXPLAIN (SELECT …).
    Lexer ahead = lexer;
    const Token first = ahead.Next();
    for (const std::string_view keyword : {"select", "values", "with", "table"}) {
      if (ahead.Is(first, keyword)) return token.offset;
    }
    if (ahead.TextOf(first) == "(") return token.offset;
    while (lexer.TextOf(token) != ")") {
      if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid) return -1;
      token = lexer.Next();
    }
    return lexer.Next().offset;
  }
  while (lexer.Is(token, "analyze") || lexer.Is(token, "analyse") || lexer.Is(token, "verbose"))
    token = lexer.Next();
  return token.offset;
}

std::vector<std::string> ParenthesizedParts(std::string_view text, bool split) {
  Lexer lexer(text);
  Token token = lexer.Next();
  std::vector<std::string> parts;
  while (token.kind != Token::Kind::kEnd && lexer.TextOf(token) != "(") token = lexer.Next();
  if (token.kind == Token::Kind::kEnd) return parts;
  int depth = 1;
  int start = token.offset + 1;
  while (true) {
    token = lexer.Next();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid) return parts;
    if (token.kind != Token::Kind::kSymbol) continue;
    const std::string_view symbol = lexer.TextOf(token);
    if (symbol == "(" || symbol == "[") ++depth;
    if (symbol == ")" || symbol == "]") --depth;
    if (depth == 0 || (split && depth == 1 && symbol == ",")) {
      parts.emplace_back(text.substr(start, token.offset - start));
      start = token.offset + 1;
    }
    if (depth == 0) return parts;
  }
}

}  // namespace adbms::sql::parser
