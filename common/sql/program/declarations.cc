// DECLARE.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/program/statement_reader.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::program {

namespace sqlstate = status::sqlstate;

absl::Status StatementReader::ReadDeclarations(Block* block) {
  while (!tokens_.Is("begin")) {
    if (tokens_.Take("declare")) continue;
    RETURN_IF_ERROR(ReadDeclaration(block));
  }
  return absl::OkStatus();
}

absl::Status StatementReader::ReadDeclaration(Block* block) {
  const int offset = tokens_.at().offset;
  Variable variable;
  ASSIGN_OR_RETURN(variable.name, tokens_.TakeName());
  const auto same = [&](const Variable& other) { return other.name == variable.name; };
  if (std::any_of(block->variables.begin(), block->variables.end(), same))
    return tokens_.ErrorAt(offset, sqlstate::kSyntaxError, "duplicate declaration");
  if (tokens_.Take("alias")) {
    RETURN_IF_ERROR(tokens_.Expect("for"));
    std::string of(tokens_.TextOf(tokens_.at()));
    if (tokens_.at().kind == Token::Kind::kParameter) {
      tokens_.Skip();
    } else {
      ASSIGN_OR_RETURN(of, tokens_.TakeName());
    }
    block->aliases.emplace_back(variable.name, of);
    return End();
  }
  if (tokens_.Is("cursor") || (tokens_.Is("scroll") && tokens_.Is("cursor", 1)) ||
      (tokens_.Is("no") && tokens_.Is("scroll", 1))) {
    RETURN_IF_ERROR(ReadCursor(&variable));
    block->variables.push_back(std::move(variable));
    return absl::OkStatus();
  }
  variable.constant = tokens_.Take("constant");
  RETURN_IF_ERROR(ReadType(&variable));
  if (tokens_.Take("collate")) RETURN_IF_ERROR(tokens_.TakeQualifiedName().status());
  if (tokens_.Take("not")) {
    RETURN_IF_ERROR(tokens_.Expect("null"));
    variable.not_null = true;
  }
  if (tokens_.Take("default") || tokens_.TakeSymbol(":=") || tokens_.TakeSymbol("=")) {
    ASSIGN_OR_RETURN(variable.initial, tokens_.ReadUntil({";"}));
  } else if (variable.not_null) {
    return tokens_.ErrorAt(
        offset, sqlstate::kNullNotAllowed,
        absl::StrCat("variable \"", variable.name,
                     "\" must have a default value, since it's declared NOT NULL"));
  }
  RETURN_IF_ERROR(End());
  block->variables.push_back(std::move(variable));
  return absl::OkStatus();
}

absl::Status StatementReader::ReadCursor(Variable* variable) {
  variable->kind = VariableKind::kCursor;
  variable->type_text = "refcursor";
  if (tokens_.Take("no")) variable->scroll = false;
  if (tokens_.Take("scroll") && !variable->scroll.has_value()) variable->scroll = true;
  RETURN_IF_ERROR(tokens_.Expect("cursor"));
  if (tokens_.TakeSymbol("(")) {
    do {
      ASSIGN_OR_RETURN(std::string name, tokens_.TakeName());
      const int begin = tokens_.at().offset;
      int depth = 0;
      while (depth > 0 || !(tokens_.IsSymbol(",") || tokens_.IsSymbol(")"))) {
        if (tokens_.AtEnd() || tokens_.IsSymbol(";")) return tokens_.SyntaxError();
        depth += tokens_.IsSymbol("(") ? 1 : tokens_.IsSymbol(")") ? -1 : 0;
        tokens_.Skip();
      }
      variable->cursor_arguments.emplace_back(std::move(name),
                                              tokens_.FragmentOf(begin, tokens_.last_end()).text);
    } while (tokens_.TakeSymbol(","));
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  if (!tokens_.Take("for")) RETURN_IF_ERROR(tokens_.Expect("is"));
  ASSIGN_OR_RETURN(variable->cursor_query, tokens_.ReadUntil({";"}));
  std::vector<std::string>& names = cursors_[variable->name];
  names.clear();
  for (const auto& [name, type] : variable->cursor_arguments) names.push_back(name);
  return End();
}

absl::Status StatementReader::ReadType(Variable* variable) {
  const int begin = tokens_.at().offset;
  if (!tokens_.IsName()) return tokens_.SyntaxError();
  // [schema.]table[.column]%TYPE
  const size_t start = tokens_.position();
  ASSIGN_OR_RETURN(std::vector<std::string> names, tokens_.TakeQualifiedName());
  if (tokens_.TakeSymbol("%")) {
    const bool row = tokens_.Is("rowtype");
    if (!row && !tokens_.Is("type")) return tokens_.SyntaxError();
    tokens_.Skip();
    variable->kind = row ? VariableKind::kRow : VariableKind::kScalar;
    variable->like = std::move(names);
    if (tokens_.IsSymbol("["))
      return tokens_.ErrorAt(begin, sqlstate::kFeatureNotSupported,
                             "an array of %TYPE is not supported");
    return absl::OkStatus();
  }
  tokens_.Rewind(start);
  ASSIGN_OR_RETURN(const Fragment type,
                   tokens_.ReadUntil({";", "not", "default", ":=", "=", "collate"}));
  variable->type_text = type.text;
  const std::string folded = FoldName(type.text);
  if (folded == "record") variable->kind = VariableKind::kRecord;
  if (folded == "refcursor") variable->kind = VariableKind::kCursor;
  return absl::OkStatus();
}

}  // namespace adbms::sql::program
