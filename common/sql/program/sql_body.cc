#include "common/sql/program/sql_body.h"

#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"

namespace adbms::sql::program {

std::string SqlBodyOf(const common::v1::FunctionDescriptor& function) {
  const std::string& source = function.source();
  if (!function.standard_body()) return source;
  parser::Lexer lexer(source);
  const parser::Token first = lexer.Next();
  const auto end = static_cast<size_t>(first.offset + first.length);
  if (lexer.Is(first, "return")) return absl::StrCat("SELECT", source.substr(end));
  const parser::Token atomic = lexer.Next();
  int last = atomic.offset + atomic.length;
  const int begin = last;
  for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
       token = lexer.Next()) {
    if (lexer.Is(token, "end")) last = token.offset;
  }
  return source.substr(static_cast<size_t>(begin), static_cast<size_t>(last - begin));
}

}  // namespace adbms::sql::program
