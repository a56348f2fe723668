// ScanLiterals: the plan cache's key. One pass over the text, no parsing.
#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/sql.h"

namespace adbms::sql {
namespace {

using parser::Lexer;
using parser::Token;

// Markers use bytes that cannot stand in a statement. The range of an integer decides its type, so
// int4 and int8 have their own.
constexpr char kInt4Marker = '\x01';
constexpr char kInt8Marker = '\x02';
constexpr char kNumberMarker = '\x03';
constexpr char kStringMarker = '\x04';

bool FitsInt64(std::string_view digits, uint64_t* value) {
  *value = 0;
  for (const char c : digits) {
    if (*value > (uint64_t{INT64_MAX} - (c - '0')) / 10) return false;
    *value = *value * 10 + (c - '0');
  }
  return true;
}

std::string Unquote(std::string_view token) {
  token = token.substr(1, token.size() - 2);
  std::string value;
  value.reserve(token.size());
  for (size_t quote; (quote = token.find('\'')) != std::string_view::npos;) {
    value.append(token.substr(0, quote + 1));
    token.remove_prefix(std::min(quote + 2, token.size()));
  }
  value.append(token);
  return value;
}

// Whether two tokens must stay apart in the key.
bool NeedsSpace(char before, char after) {
  auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0 || (c >= 1 && c <= 4) || c == '"';
  };
  auto op = [](char c) {
    return std::string_view("+-*/<>=~!@#%^&|`?:.").find(c) != std::string_view::npos;
  };
  return (word(before) && word(after)) || (op(before) && op(after)) || before == '.' ||
         after == '.';
}

void AddLiteral(const Token& token, std::string_view text, ScannedStatement* out) {
  Literal literal;
  literal.offset = token.offset;
  literal.length = token.length;
  uint64_t value = 0;
  if (token.kind == Token::Kind::kString) {
    literal.kind = Literal::Kind::kString;
    literal.value = Unquote(text);
    out->key.push_back(kStringMarker);
  } else if (token.kind == Token::Kind::kInteger && FitsInt64(text, &value)) {
    literal.kind = Literal::Kind::kInteger;
    literal.value = std::string(text);
    out->key.push_back(value <= INT32_MAX ? kInt4Marker : kInt8Marker);
  } else {
    literal.kind = Literal::Kind::kNumber;
    literal.value = std::string(text);
    out->key.push_back(kNumberMarker);
  }
  out->literals.push_back(std::move(literal));
}

}  // namespace

bool ScanLiterals(std::string_view sql, ScannedStatement* out) {
  *out = ScannedStatement();
  out->key.reserve(sql.size());
  Lexer lexer(sql);
  Token::Kind previous = Token::Kind::kEnd;
  while (true) {
    const Token token = lexer.Next();
    if (token.kind == Token::Kind::kEnd) return true;
    if (token.kind == Token::Kind::kInvalid || token.kind == Token::Kind::kOtherString)
      return false;
    const std::string_view text = lexer.TextOf(token);
    if (out->key.size() > 0 && out->key.back() == ';') out->multiple_statements = true;
    if (text.front() >= 0 && text.front() < ' ') return false;
    const bool literal = token.kind == Token::Kind::kString ||
                         token.kind == Token::Kind::kInteger || token.kind == Token::Kind::kNumber;
    // Adjacent strings continue one another across a line break.
    if (token.kind == Token::Kind::kString && previous == Token::Kind::kString) return false;
    if (literal && out->key.size() > 0 && NeedsSpace(out->key.back(), kInt4Marker))
      out->key.push_back(' ');
    if (!literal && lexer.skipped() && out->key.size() > 0 &&
        NeedsSpace(out->key.back(), text.front()))
      out->key.push_back(' ');
    if (out->first_word.empty() && token.kind == Token::Kind::kWord) {
      for (const char c : text) out->first_word.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (literal) {
      AddLiteral(token, text, out);
    } else {
      out->key.append(text);
    }
    previous = token.kind;
  }
}

bool ShortenLiterals(std::string_view sql, ShortenedStatement* out) {
  constexpr int kLongBytes = 1024;
  *out = ShortenedStatement();
  std::vector<std::string> values;
  Lexer lexer(sql);
  size_t copied = 0;
  uint32_t literals = 0;
  Token::Kind previous = Token::Kind::kEnd;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if (token.kind == Token::Kind::kInvalid || token.kind == Token::Kind::kOtherString)
      return false;
    if (token.kind == Token::Kind::kString && previous == Token::Kind::kString) return false;
    previous = token.kind;
    if (token.kind == Token::Kind::kString && token.length > kLongBytes) {
      const auto offset = static_cast<size_t>(token.offset);
      out->text.append(sql.substr(copied, offset - copied)).append("'…'");
      copied = offset + static_cast<size_t>(token.length);
      out->stand_ins.push_back(literals);
      values.push_back(Unquote(lexer.TextOf(token)));
    }
    const bool literal = token.kind == Token::Kind::kString ||
                         token.kind == Token::Kind::kInteger || token.kind == Token::Kind::kNumber;
    literals += literal ? 1 : 0;
  }
  out->text.append(sql.substr(copied));
  if (values.empty() || !ScanLiterals(out->text, &out->scanned)) return false;
  for (size_t i = 0; i < values.size(); ++i) {
    out->scanned.literals[out->stand_ins[i]].value = std::move(values[i]);
  }
  return true;
}

uint64_t Fingerprint(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : key) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

void ForEachParameter(std::string_view sql, const std::function<bool(const ParameterUse&)>& visit) {
  if (sql.find('$') == sql.npos) return;
  Lexer lexer(sql);
  while (true) {
    const Token token = lexer.Next();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid) return;
    if (token.kind == Token::Kind::kSymbol && lexer.TextOf(token) == ";") return;
    ParameterUse use{0, static_cast<size_t>(token.offset)};
    if (token.kind == Token::Kind::kParameter &&
        absl::SimpleAtoi(absl::string_view(sql.data() + token.offset + 1, token.length - 1),
                         &use.number) &&
        !visit(use))
      return;
  }
}

}  // namespace adbms::sql
