#include "common/sql/parser/copy_statement.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/options.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

namespace sqlstate = status::sqlstate;

namespace {

// What follows the first such keyword outside of parentheses.
std::string TextBehind(std::string_view keyword, std::string_view text) {
  Lexer lexer(text);
  int depth = 0;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if (token.kind == Token::Kind::kInvalid) break;
    const std::string_view word = lexer.TextOf(token);
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (depth != 0 || !lexer.Is(token, keyword)) continue;
    std::string_view rest = text.substr(token.offset + token.length);
    const size_t end = rest.find_last_not_of("; \t\r\n");
    return std::string(rest.substr(0, end == std::string_view::npos ? 0 : end + 1));
  }
  return "";
}

absl::Status ReadHeader(const PgQuery__DefElem& option, CopyStatement* copy) {
  const std::string value = ConstantText(option.arg);
  copy->header_match = absl::EqualsIgnoreCase(value, "match");
  if (copy->header_match && !copy->from)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot use \"match\" with HEADER in COPY TO");
  const auto on = ReadBoolean(option);
  if (!copy->header_match && !on.ok())
    return status::Error(sqlstate::kSyntaxError, "header requires a Boolean value or \"match\"");
  copy->header = copy->header_match || *on;
  return absl::OkStatus();
}

absl::Status ReadForce(const PgQuery__DefElem& option, bool may_be_all,
                       CopyStatement::Force* force) {
  force->given = true;
  if (option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_LIST) {
    force->columns = StringsOf({option.arg->list->items, option.arg->list->n_items});
    return absl::OkStatus();
  }
  if (may_be_all && option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_A_STAR) {
    force->all = true;
    return absl::OkStatus();
  }
  return status::Error(
      sqlstate::kInvalidParameterValue,
      absl::StrCat("argument to option \"", option.defname, "\" must be a list of column names"));
}

absl::Status ReadOption(const PgQuery__DefElem& option, CopyStatement* copy) {
  const std::string name = option.defname;
  const std::string value = ConstantText(option.arg);
  if (name == "format") {
    if (value != "text" && value != "csv" && value != "binary")
      return status::Error(sqlstate::kInvalidParameterValue,
                           absl::StrCat("COPY format \"", value, "\" not recognized"));
    copy->csv = value == "csv";
    copy->binary = value == "binary";
  } else if (name == "header") {
    return ReadHeader(option, copy);
  } else if (name == "null") {
    copy->null_text = value;
  } else if (name == "delimiter" || name == "quote" || name == "escape") {
    if (value.size() != 1)
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("COPY ", name, " must be a single one-byte character"));
    (name == "delimiter" ? copy->delimiter
     : name == "quote"   ? copy->quote
                         : copy->escape) = value[0];
  } else if (name == "force_quote") {
    return ReadForce(option, /*may_be_all=*/true, &copy->force_quote);
  } else if (name == "force_null") {
    return ReadForce(option, /*may_be_all=*/false, &copy->force_null);
  } else if (name == "force_not_null") {
    return ReadForce(option, /*may_be_all=*/false, &copy->force_not_null);
  } else if (name == "encoding") {
    // Bytes of SQL_ASCII are taken as they are: here they have to be UTF-8 all the same.
    const std::string lower = absl::AsciiStrToLower(value);
    if (lower != "utf8" && lower != "utf-8" && lower != "unicode" && lower != "sql_ascii")
      return status::NotSupported("COPY in an encoding other than UTF8");
  } else if (name != "freeze") {
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("option \"", name, "\" not recognized"));
  }
  return absl::OkStatus();
}

// Options that contradict each other, in the order in which PostgreSQL finds them.
absl::Status CheckOptions(const CopyStatement& copy) {
  const auto refused = [](std::string_view message) {
    return status::Error(sqlstate::kFeatureNotSupported, message);
  };
  const auto not_in_binary = [](absl::string_view option) {
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("cannot specify ", option, " in BINARY mode"));
  };
  if (copy.binary && copy.delimiter.has_value()) return not_in_binary("DELIMITER");
  if (copy.binary && copy.null_text.has_value()) return not_in_binary("NULL");
  if (copy.binary && copy.header) return refused("cannot specify HEADER in BINARY mode");
  const char delimiter = copy.delimiter.value_or(copy.csv ? ',' : '\t');
  const std::string null_text = copy.null_text.value_or(copy.csv ? "" : "\\N");
  if (delimiter == '\n' || delimiter == '\r')
    return status::Error(sqlstate::kInvalidParameterValue,
                         "COPY delimiter cannot be newline or carriage return");
  if (null_text.find_first_of("\r\n") != std::string::npos)
    return status::Error(sqlstate::kInvalidParameterValue,
                         "COPY null representation cannot use newline or carriage return");
  constexpr std::string_view kNoDelimiters = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
  if (!copy.csv && kNoDelimiters.find(delimiter) != std::string_view::npos)
    return status::Error(
        sqlstate::kInvalidParameterValue,
        absl::StrCat("COPY delimiter cannot be \"", std::string(1, delimiter), "\""));
  if (!copy.csv && copy.quote.has_value()) return refused("COPY quote available only in CSV mode");
  const char quote = copy.quote.value_or('"');
  if (copy.csv && delimiter == quote)
    return status::Error(sqlstate::kInvalidParameterValue,
                         "COPY delimiter and quote must be different");
  if (!copy.csv && copy.escape.has_value())
    return refused("COPY escape available only in CSV mode");
  if (copy.force_quote.given && !copy.csv)
    return refused("COPY force quote available only in CSV mode");
  if (copy.force_quote.given && copy.from)
    return refused("COPY force quote only available using COPY TO");
  if (copy.force_not_null.given && !copy.csv)
    return refused("COPY force not null available only in CSV mode");
  if (copy.force_not_null.given && !copy.from)
    return refused("COPY force not null only available using COPY FROM");
  if (copy.force_null.given && !copy.csv)
    return refused("COPY force null available only in CSV mode");
  if (copy.force_null.given && !copy.from)
    return refused("COPY force null only available using COPY FROM");
  if (null_text.find(delimiter) != std::string::npos)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "COPY delimiter must not appear in the NULL specification");
  if (copy.csv && null_text.find(quote) != std::string::npos)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "CSV quote character must not appear in the NULL specification");
  return absl::OkStatus();
}

}  // namespace

absl::Status ClassifyCopy(const PgQuery__CopyStmt& node, std::string_view text, Statement* out) {
  out->statement_class = StatementClass::kCopy;
  out->command_tag = "COPY";
  CopyStatement& copy = out->copy;
  copy.from = node.is_from;
  copy.file = View(node.filename);
  copy.program = node.is_program;
  if (node.where_clause != nullptr) copy.where = TextBehind("where", text);
  if (node.relation != nullptr) {
    copy.schema = View(node.relation->schemaname);
    copy.table = View(node.relation->relname);
  } else {
    std::vector<std::string> parts = ParenthesizedParts(text, false);
    if (!parts.empty()) copy.query = parts[0];
    if (node.query != nullptr) {
      const Node& query = *node.query;
      if (query.node_case == PG_QUERY__NODE__NODE_MERGE_STMT)
        return status::Error(sqlstate::kFeatureNotSupported, "MERGE not supported in COPY");
      const size_t* returned = nullptr;
      if (query.node_case == PG_QUERY__NODE__NODE_INSERT_STMT)
        returned = &query.insert_stmt->n_returning_list;
      if (query.node_case == PG_QUERY__NODE__NODE_UPDATE_STMT)
        returned = &query.update_stmt->n_returning_list;
      if (query.node_case == PG_QUERY__NODE__NODE_DELETE_STMT)
        returned = &query.delete_stmt->n_returning_list;
      if (returned != nullptr && *returned == 0)
        return status::Error(sqlstate::kFeatureNotSupported,
                             "COPY query must have a RETURNING clause");
    }
  }
  copy.columns = StringsOf({node.attlist, node.n_attlist});
  std::set<std::string> seen;
  for (const Node* item : NodeList(node.options, node.n_options)) {
    const PgQuery__DefElem& option = *item->def_elem;
    if (!seen.insert(option.defname).second)
      return status::ErrorAt(sqlstate::kSyntaxError, CharacterPosition(text, option.location),
                             "conflicting or redundant options");
    const absl::Status read = ReadOption(option, &copy);
    if (!read.ok()) return read;
  }
  return CheckOptions(copy);
}

}  // namespace adbms::sql::parser
