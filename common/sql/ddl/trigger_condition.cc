#include "common/sql/ddl/trigger_condition.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sql/ddl/parentheses.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/tree_walk.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TriggerDescriptor;

constexpr char kInvalidObjectDefinition[] = "42P17";

absl::Status ErrorIn(std::string_view statement, int location, std::string_view message) {
  return status::ErrorAt(kInvalidObjectDefinition, parser::CharacterPosition(statement, location),
                         message);
}

// Generated columns of the new row are computed when triggers BEFORE it have fired.
absl::Status CheckGenerated(const PgQuery__ColumnRef& column, std::string_view statement,
                            const common::v1::TableDescriptor& table) {
  const parser::Node* last = column.fields[column.n_fields - 1];
  const bool whole = column.n_fields == 1 || last->node_case == PG_QUERY__NODE__NODE_A_STAR;
  const std::string_view name = whole ? std::string_view() : parser::StringOf(last);
  for (const auto& generated : table.columns()) {
    if (generated.dropped() || !generated.has_generated() || (!whole && generated.name() != name))
      continue;
    status::SqlError error;
    error.sqlstate = kInvalidObjectDefinition;
    error.message = "BEFORE trigger's WHEN condition cannot reference NEW generated columns";
    error.detail = whole ? "A whole-row reference is used and the table contains generated columns."
                         : absl::StrCat("Column \"", generated.name(), "\" is a generated column.");
    error.position = parser::CharacterPosition(statement, column.location);
    return status::ToStatus(error);
  }
  return absl::OkStatus();
}

// What the condition names must be there when the trigger fires.
absl::Status CheckColumn(const PgQuery__ColumnRef& column, std::string_view statement,
                         const common::v1::TableDescriptor& table,
                         const TriggerDescriptor& trigger) {
  const std::string_view first =
      column.n_fields > 0 ? parser::StringOf(column.fields[0]) : std::string_view();
  if (first != "old" && first != "new") return absl::OkStatus();
  if (!trigger.for_each_row())
    return ErrorIn(statement, column.location,
                   "statement trigger's WHEN condition cannot reference column values");
  if (first == "old" && trigger.on_insert())
    return ErrorIn(statement, column.location,
                   "INSERT trigger's WHEN condition cannot reference OLD values");
  if (first == "new" && trigger.on_delete())
    return ErrorIn(statement, column.location,
                   "DELETE trigger's WHEN condition cannot reference NEW values");
  const std::string_view last = parser::StringOf(column.fields[column.n_fields - 1]);
  if (first == "new" && last == "tableoid" && trigger.timing() == TriggerDescriptor::TIMING_BEFORE)
    return status::ErrorAt(sqlstate::kFeatureNotSupported,
                           parser::CharacterPosition(statement, column.location),
                           "BEFORE trigger's WHEN condition cannot reference NEW system columns");
  if (first == "new" && trigger.timing() == TriggerDescriptor::TIMING_BEFORE)
    return CheckGenerated(column, statement, table);
  return absl::OkStatus();
}

// The first complaint about a part of the tree.
absl::Status CheckTree(const ProtobufCMessage& message, std::string_view statement,
                       const common::v1::TableDescriptor& table, const TriggerDescriptor& trigger) {
  if (message.descriptor == &pg_query__column_ref__descriptor)
    return CheckColumn(reinterpret_cast<const PgQuery__ColumnRef&>(message), statement, table,
                       trigger);
  if (message.descriptor == &pg_query__sub_link__descriptor)
    return status::ErrorAt(
        sqlstate::kFeatureNotSupported,
        parser::CharacterPosition(statement,
                                  reinterpret_cast<const PgQuery__SubLink&>(message).location),
        "cannot use subquery in trigger WHEN condition");
  absl::Status status;
  parser::ForEachChild(message, [&](const ProtobufCMessage& child) {
    if (status.ok()) status = CheckTree(child, statement, table, trigger);
  });
  return status;
}

// What stands between the parentheses behind WHEN.
std::pair<int, int> Extent(std::string_view statement, int offset) {
  parser::Lexer lexer(statement, offset);
  parser::Token token = lexer.Next();
  while (token.kind != parser::Token::Kind::kEnd && !lexer.Is(token, "when")) token = lexer.Next();
  token = lexer.Next();  // The parenthesis.
  const int begin = token.offset + token.length;
  int end = begin;
  int depth = 0;
  while (true) {
    token = lexer.Next();
    const std::string_view word = lexer.TextOf(token);
    if (token.kind == parser::Token::Kind::kEnd || (depth == 0 && word == ")")) break;
    if (word == "(") ++depth;
    if (word == ")") --depth;
    end = token.offset + token.length;
  }
  while (begin < end && statement[static_cast<size_t>(end) - 1] == ' ') --end;
  return {begin, end};
}

// Qualified names as they are looked up: "OLD.a" is "old.a".
std::string WithPlainNames(std::string_view condition) {
  std::string out;
  parser::Lexer lexer(condition);
  size_t copied = 0;
  bool qualified = false;
  for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;) {
    const parser::Token next = lexer.Next();
    const std::string_view word = lexer.TextOf(token);
    const bool plain =
        token.kind == parser::Token::Kind::kWord && (qualified || lexer.TextOf(next) == ".");
    const size_t end = static_cast<size_t>(token.offset + token.length);
    out.append(condition.substr(copied, static_cast<size_t>(token.offset) - copied));
    out.append(plain ? absl::AsciiStrToLower(absl::string_view(word.data(), word.size()))
                     : std::string(word));
    copied = end;
    qualified = word == ".";
    token = next;
  }
  out.append(condition.substr(copied));
  return out;
}

// The same complaint as one about a trigger's condition, in the statement.
absl::Status AsOfCondition(const absl::Status& status, int before, std::string_view statement,
                           int begin) {
  status::SqlError error = status::FromStatus(status);
  error.message = absl::StrReplaceAll(
      error.message, {{"argument of WHERE", "argument of WHEN"},
                      {"not allowed in WHERE", "not allowed in trigger WHEN conditions"}});
  if (error.sqlstate == sqlstate::kFeatureNotSupported && error.hint.empty())
    error.hint = "Compare columns one by one, or decide in the function.";
  if (error.position > before)
    error.position = error.position - before - 1 + parser::CharacterPosition(statement, begin);
  return status::ToStatus(error);
}

}  // namespace

absl::StatusOr<std::string> TriggerCondition(const PlanningInput& input, const parser::Node* when,
                                             std::string_view statement, int offset,
                                             const common::v1::TableDescriptor& table,
                                             const TriggerDescriptor& trigger) {
  const auto [begin, end] = Extent(statement, offset);
  const std::string condition(statement.substr(begin, end - begin));
  const std::string name = absl::StrCat(QuoteName(table.schema()), ".", QuoteName(table.name()));
  const std::string head =
      absl::StrCat("SELECT 1 FROM ", name, " AS new, ", name, " AS old WHERE (");
  PlanningInput query = input;
  query.sql = absl::StrCat(head, condition, "\n)");
  query.statement = nullptr;
  query.literals = nullptr;
  query.parameter_types.clear();
  query.exempt = true;
  const absl::Status structure = CheckTree(when->base, statement, table, trigger);
  if (status::HasSqlState(structure, sqlstate::kFeatureNotSupported)) return structure;
  const auto plan = PlanDefault(query);
  if (!plan.ok())
    return AsOfCondition(plan.status(),
                         parser::CharacterPosition(head, static_cast<int>(head.size())) - 1,
                         statement, begin);
  RETURN_IF_ERROR(structure);
  return WithPlainNames(WithoutParentheses(condition));
}

}  // namespace adbms::sql::ddl
