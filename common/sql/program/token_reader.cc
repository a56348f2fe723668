#include "common/sql/program/token_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/parse_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::program {
namespace {

namespace sqlstate = status::sqlstate;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string FoldName(std::string_view token) {
  std::string name;
  if (!token.empty() && token[0] == '"') {
    for (size_t i = 1; i + 1 < token.size(); ++i) {
      name += token[i];
      if (token[i] == '"') ++i;
    }
    return name;
  }
  name = token;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return name;
}

bool StringValue(std::string_view token, std::string* value) {
  value->clear();
  if (token.size() >= 2 && token[0] == '\'') {
    for (size_t i = 1; i + 1 < token.size(); ++i) {
      *value += token[i];
      if (token[i] == '\'') ++i;
    }
    return true;
  }
  if (token.size() >= 4 && token[0] == '$') {
    const size_t tag = token.find('$', 1) + 1;
    *value = token.substr(tag, token.size() - 2 * tag);
    return true;
  }
  if (token.size() >= 3 && (token[0] == 'e' || token[0] == 'E') && token[1] == '\'') {
    for (size_t i = 2; i + 1 < token.size(); ++i) {
      char c = token[i];
      if (c == '\\' && i + 2 < token.size()) {
        c = token[++i];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      } else if (c == '\'') {
        ++i;
      }
      *value += c;
    }
    return true;
  }
  return false;
}

TokenReader::TokenReader(std::string_view text) : text_(text) {
  parser::Lexer lexer(text);
  do {
    tokens_.push_back(lexer.Next());
  } while (tokens_.back().kind != Token::Kind::kEnd &&
           tokens_.back().kind != Token::Kind::kInvalid);
}

const Token& TokenReader::at(size_t ahead) const {
  return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}

void TokenReader::Skip(size_t count) {
  for (; count > 0 && position_ + 1 < tokens_.size(); --count) {
    last_end_ = tokens_[position_].offset + tokens_[position_].length;
    ++position_;
  }
}

std::string_view TokenReader::TextOf(const Token& token) const {
  return text_.substr(static_cast<size_t>(token.offset), static_cast<size_t>(token.length));
}

bool TokenReader::Is(std::string_view keyword, size_t ahead) const {
  const Token& token = at(ahead);
  return token.kind == Token::Kind::kWord && FoldName(TextOf(token)) == keyword;
}

bool TokenReader::IsSymbol(std::string_view symbol, size_t ahead) const {
  for (size_t i = 0; i < symbol.size(); ++i) {
    const Token& token = at(ahead + i);
    if (token.kind != Token::Kind::kSymbol || text_[static_cast<size_t>(token.offset)] != symbol[i])
      return false;
    if (i > 0 && token.offset != at(ahead + i - 1).offset + 1) return false;
  }
  return true;
}

bool TokenReader::Take(std::string_view keyword) {
  if (!Is(keyword)) return false;
  Skip();
  return true;
}

bool TokenReader::TakeSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Skip(symbol.size());
  return true;
}

absl::Status TokenReader::Expect(std::string_view keyword) {
  return Take(keyword) ? absl::OkStatus() : SyntaxError();
}

absl::Status TokenReader::ExpectSymbol(std::string_view symbol) {
  return TakeSymbol(symbol) ? absl::OkStatus() : SyntaxError();
}

bool TokenReader::IsName(size_t ahead) const {
  const Token::Kind kind = at(ahead).kind;
  return kind == Token::Kind::kWord || kind == Token::Kind::kQuotedWord;
}

std::string TokenReader::NameAt(size_t ahead) const { return FoldName(TextOf(at(ahead))); }

absl::StatusOr<std::string> TokenReader::TakeName() {
  if (!IsName()) return SyntaxError();
  std::string name = NameAt();
  Skip();
  return name;
}

absl::StatusOr<std::vector<std::string>> TokenReader::TakeQualifiedName() {
  std::vector<std::string> names;
  do {
    ASSIGN_OR_RETURN(names.emplace_back(), TakeName());
  } while (IsName(1) && TakeSymbol("."));
  return names;
}

Fragment TokenReader::FragmentOf(int begin, int end) const {
  Fragment fragment;
  fragment.text = text_.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  fragment.line = LineOf(begin);
  fragment.offset = begin;
  return fragment;
}

absl::StatusOr<Fragment> TokenReader::ReadUntil(const std::vector<std::string_view>& ends) {
  const int begin = at().offset;
  int end = begin;
  int depth = 0;
  for (;;) {
    const Token& token = at();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid)
      return SyntaxError();
    const auto stands_here = [&](std::string_view word) {
      return word[0] >= 'a' && word[0] <= 'z' ? Is(word) : IsSymbol(word);
    };
    if (depth == 0 && std::any_of(ends.begin(), ends.end(), stands_here)) break;
    if (IsSymbol("(") || IsSymbol("[")) ++depth;
    if (IsSymbol(")") || IsSymbol("]")) --depth;
    if (depth < 0) return ErrorAt(token.offset, sqlstate::kSyntaxError, "mismatched parentheses");
    if (IsSymbol(";"))
      return depth > 0 ? ErrorAt(token.offset, sqlstate::kSyntaxError, "mismatched parentheses")
                       : SyntaxError();
    end = token.offset + token.length;
    Skip();
  }
  if (end == begin) return ErrorAt(begin, sqlstate::kSyntaxError, "missing expression");
  return FragmentOf(begin, end);
}

int TokenReader::LineOf(int offset) const {
  return 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + offset, '\n'));
}

absl::Status TokenReader::SyntaxError() const {
  const Token& token = at();
  if (token.kind == Token::Kind::kEnd)
    return ErrorAt(token.offset, sqlstate::kSyntaxError, "syntax error at end of input");
  return ErrorAt(token.offset, sqlstate::kSyntaxError,
                 absl::StrCat("syntax error at or near \"", View(TextOf(token)), "\""));
}

absl::Status TokenReader::ErrorAt(int offset, std::string_view code,
                                  std::string_view message) const {
  return status::ErrorAt(code, parser::CharacterPosition(text_, offset), message, {});
}

}  // namespace adbms::sql::program
