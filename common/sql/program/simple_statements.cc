// Statements without statements in them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/program/statement_reader.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::program {

namespace sqlstate = status::sqlstate;

absl::StatusOr<Target> StatementReader::ReadTarget() {
  Target target;
  if (tokens_.at().kind == Token::Kind::kParameter) {
    target.name.emplace_back(tokens_.TextOf(tokens_.at()));
    tokens_.Skip();
  } else {
    ASSIGN_OR_RETURN(target.name, tokens_.TakeQualifiedName());
  }
  if (!tokens_.IsSymbol("[")) return target;
  const int begin = tokens_.at().offset;
  int depth = 0;
  do {
    if (tokens_.AtEnd() || tokens_.IsSymbol(";")) return tokens_.SyntaxError();
    depth += tokens_.IsSymbol("[") ? 1 : tokens_.IsSymbol("]") ? -1 : 0;
    tokens_.Skip();
  } while (depth > 0 || tokens_.IsSymbol("["));
  target.subscripts = tokens_.FragmentOf(begin, tokens_.last_end());
  return target;
}

absl::Status StatementReader::ReadTargets(Statement* out) {
  out->into = true;
  out->strict = tokens_.Take("strict");
  do {
    ASSIGN_OR_RETURN(out->targets.emplace_back(), ReadTarget());
  } while (tokens_.TakeSymbol(","));
  return absl::OkStatus();
}

absl::Status StatementReader::ReadAssignment(Statement* out) {
  out->kind = Kind::kAssign;
  ASSIGN_OR_RETURN(out->targets.emplace_back(), ReadTarget());
  if (!tokens_.TakeSymbol(":=")) RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
  ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";"}));
  return End();
}

absl::Status StatementReader::ReadExit(Kind kind, Statement* out) {
  out->kind = kind;
  if (tokens_.IsName() && !tokens_.Is("when")) {
    ASSIGN_OR_RETURN(out->target_label, tokens_.TakeName());
  }
  if (tokens_.Take("when")) {
    ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";"}));
  }
  return End();
}

absl::StatusOr<std::vector<Fragment>> StatementReader::ReadList(
    std::vector<std::string_view> ends) {
  ends.push_back(",");
  std::vector<Fragment> list;
  do {
    ASSIGN_OR_RETURN(list.emplace_back(), tokens_.ReadUntil(ends));
  } while (tokens_.TakeSymbol(","));
  return list;
}

absl::Status StatementReader::ReadReturn(Statement* out) {
  out->kind = Kind::kReturn;
  if (tokens_.Take("next")) {
    out->kind = Kind::kReturnNext;
  } else if (tokens_.Take("query")) {
    out->kind = Kind::kReturnQuery;
    if (tokens_.Take("execute")) {
      ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";", "using"}));
      if (tokens_.Take("using")) {
        ASSIGN_OR_RETURN(out->using_values, ReadList({";"}));
      }
    } else {
      ASSIGN_OR_RETURN(out->query, tokens_.ReadUntil({";"}));
    }
    return End();
  }
  if (!tokens_.IsSymbol(";")) {
    ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";"}));
  }
  return End();
}

absl::Status StatementReader::ReadRaise(Statement* out) {
  out->kind = Kind::kRaise;
  if (tokens_.TakeSymbol(";")) return absl::OkStatus();
  out->level = "exception";
  for (const std::string_view level : {"exception", "warning", "notice", "info", "log", "debug"}) {
    if (!tokens_.Take(level)) continue;
    out->level = level;
    break;
  }
  if (tokens_.TakeSymbol(";")) return absl::OkStatus();
  std::string text;
  if (StringValue(tokens_.TextOf(tokens_.at()), &text)) {
    const int offset = tokens_.at().offset;
    tokens_.Skip();
    size_t wanted = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') continue;
      if (i + 1 < text.size() && text[i + 1] == '%') {
        ++i;
      } else {
        ++wanted;
      }
    }
    out->message = std::move(text);
    if (tokens_.TakeSymbol(",")) {
      ASSIGN_OR_RETURN(auto values, ReadList({";", "using"}));
      for (Fragment& value : values) out->arguments.push_back({"", std::move(value)});
    }
    if (out->arguments.size() != wanted)
      return tokens_.ErrorAt(offset, sqlstate::kSyntaxError,
                             out->arguments.size() > wanted
                                 ? "too many parameters specified for RAISE"
                                 : "too few parameters specified for RAISE");
  } else if (tokens_.Take("sqlstate")) {
    if (!StringValue(tokens_.TextOf(tokens_.at()), &out->condition) || out->condition.size() != 5)
      return tokens_.ErrorAt(tokens_.at().offset, sqlstate::kSyntaxError, "invalid SQLSTATE code");
    tokens_.Skip();
  } else if (!tokens_.Is("using")) {
    ASSIGN_OR_RETURN(out->condition, tokens_.TakeName());
  }
  return ReadRaiseOptions(out);
}

absl::Status StatementReader::ReadRaiseOptions(Statement* out) {
  if (tokens_.Take("using")) {
    do {
      RaiseOption option;
      const int offset = tokens_.at().offset;
      ASSIGN_OR_RETURN(option.name, tokens_.TakeName());
      constexpr std::string_view kOptions[] = {"message",  "detail", "hint",
                                               "errcode",  "column", "constraint",
                                               "datatype", "table",  "schema"};
      if (std::find(std::begin(kOptions), std::end(kOptions), option.name) == std::end(kOptions))
        return tokens_.ErrorAt(offset, sqlstate::kSyntaxError,
                               "unrecognized RAISE statement option");
      if (!tokens_.TakeSymbol(":=")) RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
      ASSIGN_OR_RETURN(option.value, tokens_.ReadUntil({";", ","}));
      out->options.push_back(std::move(option));
    } while (tokens_.TakeSymbol(","));
  }
  return End();
}

absl::Status StatementReader::ReadAssert(Statement* out) {
  out->kind = Kind::kAssert;
  ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";", ","}));
  if (tokens_.TakeSymbol(",")) {
    ASSIGN_OR_RETURN(out->message_expression, tokens_.ReadUntil({";"}));
  }
  return End();
}

absl::Status StatementReader::ReadExecute(Statement* out) {
  out->kind = Kind::kExecute;
  ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";", "into", "using"}));
  while (!tokens_.IsSymbol(";")) {
    if (!out->into && tokens_.Take("into")) {
      RETURN_IF_ERROR(ReadTargets(out));
    } else if (out->using_values.empty() && tokens_.Take("using")) {
      ASSIGN_OR_RETURN(out->using_values, ReadList({";", "into"}));
    } else {
      return tokens_.SyntaxError();
    }
  }
  return End();
}

absl::Status StatementReader::ReadDiagnostics(Statement* out) {
  out->kind = Kind::kDiagnostics;
  out->stacked = tokens_.Take("stacked");
  if (!out->stacked) tokens_.Take("current");
  RETURN_IF_ERROR(tokens_.Expect("diagnostics"));
  do {
    DiagnosticItem item;
    ASSIGN_OR_RETURN(item.target, ReadTarget());
    if (!tokens_.TakeSymbol(":=")) RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    const int offset = tokens_.at().offset;
    ASSIGN_OR_RETURN(item.item, tokens_.TakeName());
    constexpr std::string_view kCurrent[] = {"row_count", "pg_context", "pg_routine_oid"};
    constexpr std::string_view kStacked[] = {
        "returned_sqlstate",    "message_text", "pg_exception_detail", "pg_exception_hint",
        "pg_exception_context", "column_name",  "constraint_name",     "pg_datatype_name",
        "table_name",           "schema_name"};
    const bool current =
        std::find(std::begin(kCurrent), std::end(kCurrent), item.item) != std::end(kCurrent);
    const bool stacked =
        std::find(std::begin(kStacked), std::end(kStacked), item.item) != std::end(kStacked);
    if (!current && !stacked)
      return tokens_.ErrorAt(offset, sqlstate::kSyntaxError, "unrecognized GET DIAGNOSTICS item");
    if (out->stacked ? item.item == "row_count" : stacked)
      return tokens_.ErrorAt(offset, sqlstate::kSyntaxError,
                             absl::StrCat("diagnostics item ", item.item, " is not allowed in GET ",
                                          out->stacked ? "STACKED" : "CURRENT", " DIAGNOSTICS"));
    out->items.push_back(std::move(item));
  } while (tokens_.TakeSymbol(","));
  return End();
}

absl::Status StatementReader::ReadArguments(Statement* out) {
  const auto error = [&](int offset, const std::string& text) {
    return tokens_.ErrorAt(offset, sqlstate::kSyntaxError, text);
  };
  const std::string cursor = absl::StrCat("cursor \"", out->cursor, "\"");
  const auto known = cursors_.find(out->cursor);
  const bool given = tokens_.IsSymbol("(");
  if (known != cursors_.end() && given == known->second.empty())
    return error(tokens_.at().offset,
                 absl::StrCat(cursor, given ? " has no arguments" : " has arguments"));
  if (!tokens_.TakeSymbol("(")) return absl::OkStatus();
  std::vector<bool> present(known == cursors_.end() ? 0 : known->second.size());
  do {
    Argument argument;
    const int offset = tokens_.at().offset;
    if (tokens_.IsName() && tokens_.IsSymbol(":=", 1)) {
      argument.name = tokens_.NameAt();
      tokens_.Skip(3);
    }
    size_t at = out->arguments.size();
    if (!argument.name.empty() && !present.empty()) {
      const auto named = std::find(known->second.begin(), known->second.end(), argument.name);
      if (named == known->second.end())
        return error(offset,
                     absl::StrCat(cursor, " has no argument named \"", argument.name, "\""));
      at = static_cast<size_t>(named - known->second.begin());
    }
    if (!present.empty() && at >= present.size())
      return error(offset, absl::StrCat("too many arguments for ", cursor));
    if (!present.empty() && present[at])
      return error(offset, absl::StrCat("value for parameter \"", known->second[at], "\" of ",
                                        cursor, " specified more than once"));
    if (!present.empty()) present[at] = true;
    ASSIGN_OR_RETURN(argument.value, tokens_.ReadUntil({",", ")"}));
    out->arguments.push_back(std::move(argument));
  } while (tokens_.TakeSymbol(","));
  if (out->arguments.size() < present.size())
    return error(tokens_.at().offset, absl::StrCat("not enough arguments for ", cursor));
  return tokens_.ExpectSymbol(")");
}

absl::Status StatementReader::ReadOpen(Statement* out) {
  out->kind = Kind::kOpen;
  ASSIGN_OR_RETURN(out->cursor, tokens_.TakeName());
  RETURN_IF_ERROR(ReadArguments(out));
  if (tokens_.Take("no")) {
    RETURN_IF_ERROR(tokens_.Expect("scroll"));
  } else {
    tokens_.Take("scroll");
  }
  if (tokens_.Take("for")) {
    if (tokens_.Take("execute")) {
      ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({";", "using"}));
      if (tokens_.Take("using")) {
        ASSIGN_OR_RETURN(out->using_values, ReadList({";"}));
      }
    } else {
      ASSIGN_OR_RETURN(out->query, tokens_.ReadUntil({";"}));
    }
  }
  return End();
}

absl::Status StatementReader::ReadFetch(Statement* out) {
  out->kind = tokens_.Is("fetch") ? Kind::kFetch : Kind::kMove;
  tokens_.Skip();
  // Either the cursor alone, or a direction up to FROM or IN.
  const size_t start = tokens_.position();
  const int begin = tokens_.at().offset;
  size_t words = 0;
  while (!tokens_.Is("from") && !tokens_.Is("in") && !tokens_.Is("into") &&
         !tokens_.IsSymbol(";")) {
    if (tokens_.AtEnd()) return tokens_.SyntaxError();
    tokens_.Skip();
    ++words;
  }
  if (tokens_.Is("from") || tokens_.Is("in")) {
    out->direction = words == 0 ? "" : tokens_.FragmentOf(begin, tokens_.last_end()).text;
    tokens_.Skip();
  } else {
    tokens_.Rewind(start);
    // FETCH NEXT c is taken without FROM too.
    if (words > 1) {
      while (words-- > 1) tokens_.Skip();
      out->direction = tokens_.FragmentOf(begin, tokens_.last_end()).text;
    }
  }
  ASSIGN_OR_RETURN(out->cursor, tokens_.TakeName());
  if (out->kind == Kind::kFetch) {
    RETURN_IF_ERROR(tokens_.Expect("into"));
    RETURN_IF_ERROR(ReadTargets(out));
  }
  return End();
}

absl::Status StatementReader::ReadTransactionEnd(Kind kind, Statement* out) {
  out->kind = kind;
  if (tokens_.Take("and")) {
    out->chain = !tokens_.Take("no");
    RETURN_IF_ERROR(tokens_.Expect("chain"));
  }
  return End();
}

absl::Status StatementReader::ReadSql(Statement* out) {
  out->kind = Kind::kSql;
  const int begin = tokens_.at().offset;
  const bool imports = tokens_.Is("import");
  int depth = 0;
  std::string before;
  int into_begin = -1;
  int into_end = -1;
  for (;;) {
    const Token& token = tokens_.at();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kInvalid)
      return tokens_.SyntaxError();
    if (depth == 0 && tokens_.IsSymbol(";")) break;
    depth += tokens_.IsSymbol("(") ? 1 : tokens_.IsSymbol(")") ? -1 : 0;
    if (depth < 0)
      return tokens_.ErrorAt(token.offset, sqlstate::kSyntaxError, "mismatched parentheses");
    const bool into = tokens_.Is("into") && before != "insert" && before != "merge" && !imports;
    if (into) {
      if (out->into)
        return tokens_.ErrorAt(token.offset, sqlstate::kSyntaxError,
                               "INTO specified more than once");
      into_begin = token.offset;
      tokens_.Skip();
      RETURN_IF_ERROR(ReadTargets(out));
      into_end = tokens_.last_end();
      before.clear();
      continue;
    }
    before = tokens_.IsName() ? tokens_.NameAt() : std::string();
    tokens_.Skip();
  }
  out->query = tokens_.FragmentOf(begin, tokens_.last_end());
  for (int i = into_begin; i < into_end; ++i) out->query.text[static_cast<size_t>(i - begin)] = ' ';
  return End();
}

}  // namespace adbms::sql::program
