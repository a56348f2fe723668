#include "common/sql/parser/copy_statement.h"
#include "common/sql/parser/database_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/options.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

namespace sqlstate = status::sqlstate;

absl::Status ClassifyCopy(const PgQuery__CopyStmt& node, std::string_view text, Statement* out) {
  out->statement_class = StatementClass::kCopy;
  out->command_tag = "COPY";
  CopyStatement& copy = out->copy;
  copy.from = node.is_from;
  copy.to_or_from_stdio = View(node.filename).empty() && !node.is_program;
  if (node.where_clause != nullptr) return status::NotSupported("COPY FROM WHERE");
  if (node.relation != nullptr) {
    copy.schema = SchemaOf(*node.relation);
    copy.table = View(node.relation->relname);
  } else {
    std::vector<std::string> parts = ParenthesizedParts(text, false);
    if (!parts.empty()) copy.query = parts[0];
    if (node.query != nullptr) {
      const Node& query = *node.query;
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
  for (const Node* item : NodeList(node.options, node.n_options)) {
    const PgQuery__DefElem& option = *item->def_elem;
    const std::string name = absl::AsciiStrToLower(option.defname);
    const std::string value = ConstantText(option.arg);
    if (name == "format") {
      if (value != "text" && value != "csv" && value != "binary")
        return status::Error(sqlstate::kInvalidParameterValue,
                             absl::StrCat("COPY format \"", value, "\" not recognized"));
      copy.csv = value == "csv";
      copy.binary = value == "binary";
    } else if (name == "header") {
      if (value == "match") {
        if (!copy.from)
          return status::Error(sqlstate::kFeatureNotSupported,
                               "cannot use \"match\" with HEADER in COPY TO");
        return status::NotSupported("COPY HEADER MATCH");
      }
      const bool known =
          option.arg == nullptr || value == "1" || value == "0" ||
          absl::EqualsIgnoreCase(value, "true") || absl::EqualsIgnoreCase(value, "false") ||
          absl::EqualsIgnoreCase(value, "on") || absl::EqualsIgnoreCase(value, "off");
      if (!known)
        return status::Error(sqlstate::kSyntaxError,
                             "header requires a Boolean value or \"match\"");
      copy.header = IsOn(option);
    } else if (name == "null") {
      copy.null_text = value;
    } else if (name == "delimiter" || name == "quote" || name == "escape") {
      if (value.size() != 1)
        return status::Error(sqlstate::kFeatureNotSupported,
                             absl::StrCat("COPY ", name, " must be a single one-byte character"));
      (name == "delimiter" ? copy.delimiter
       : name == "quote"   ? copy.quote
                           : copy.escape) = value[0];
    } else if (name == "encoding") {
      const std::string lower = absl::AsciiStrToLower(value);
      if (lower != "utf8" && lower != "utf-8")
        return status::NotSupported("COPY in an encoding other than UTF8");
    } else if (name != "freeze") {
      return status::NotSupported(absl::StrCat("COPY option ", name));
    }
  }
  const auto not_in_binary = [](absl::string_view option) {
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("cannot specify ", option, " in BINARY mode"));
  };
  if (copy.binary && copy.delimiter.has_value()) return not_in_binary("DELIMITER");
  if (copy.binary && copy.null_text.has_value()) return not_in_binary("NULL");
  if (copy.binary && copy.header)
    return status::Error(sqlstate::kFeatureNotSupported, "cannot specify HEADER in BINARY mode");
  if (!copy.csv && (copy.quote.has_value() || copy.escape.has_value()))
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("COPY ", copy.quote ? "quote" : "escape", " available only in CSV mode"));
  return absl::OkStatus();
}

}  // namespace adbms::sql::parser
