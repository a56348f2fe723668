#include "common/sql/ddl/function_body.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/return_statements.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/program/program_parser.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;
using types::TypeId;

constexpr char kInvalidFunctionDefinition[] = "42P13";

// Where the text stands in the statement, if it stands there as it is.
absl::Status InStatement(const absl::Status& in_body, std::string_view body,
                         std::string_view statement) {
  status::SqlError error = status::FromStatus(in_body);
  const size_t at = statement.find(body);
  if (error.position > 0)
    error.position =
        at == std::string_view::npos || body.empty()
            ? 0
            : error.position - 1 + parser::CharacterPosition(statement, static_cast<int>(at));
  return status::ToStatus(error);
}

bool ReturnsRows(const parser::Node& statement) {
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      return true;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      return statement.insert_stmt->n_returning_list > 0;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      return statement.update_stmt->n_returning_list > 0;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      return statement.delete_stmt->n_returning_list > 0;
    default:
      return false;
  }
}

std::string ResultName(const FunctionDescriptor& function) {
  return function.has_result() ? types::Format(types::FromProto(function.result())) : "record";
}

bool HasOutputs(const FunctionDescriptor& function) {
  return std::any_of(function.arguments().begin(), function.arguments().end(),
                     [](const auto& argument) {
                       return argument.mode() != common::v1::FunctionArgument::MODE_IN &&
                              argument.mode() != common::v1::FunctionArgument::MODE_VARIADIC;
                     });
}

absl::Status CheckSqlBody(const FunctionDescriptor& function, std::string_view statement) {
  if (function.returns_trigger())
    return status::Error(kInvalidFunctionDefinition, "SQL functions cannot return type trigger");
  if (function.standard_body()) return absl::OkStatus();
  const auto tree = parser::ParseTree::Parse(function.source());
  if (!tree.ok()) return InStatement(tree.status(), function.source(), statement);
  const bool nothing =
      function.kind() == FunctionDescriptor::KIND_PROCEDURE
          ? !HasOutputs(function)
          : function.has_result() && types::FromProto(function.result()).id == TypeId::kVoid;
  if (nothing) return absl::OkStatus();
  const PgQuery__ParseResult& result = (*tree)->result();
  if (result.n_stmts > 0 && ReturnsRows(*result.stmts[result.n_stmts - 1]->stmt))
    return absl::OkStatus();
  return status::Error(
      kInvalidFunctionDefinition,
      absl::StrCat("return type mismatch in function declared to return ", ResultName(function)),
      "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.");
}

absl::Status CheckPlpgsqlBody(const FunctionDescriptor& function, std::string_view statement) {
  if (function.returns_trigger() && function.arguments_size() > 0)
    return status::Error(kInvalidFunctionDefinition,
                         "trigger functions cannot have declared arguments", {},
                         "The arguments of the trigger can be accessed through TG_NARGS and "
                         "TG_ARGV instead.");
  const absl::Status body = program::CheckProgram(function.source());
  if (!body.ok()) return InStatement(body, function.source(), statement);
  ASSIGN_OR_RETURN(const program::ProgramPtr parsed, program::ParseProgram(function.source()));
  const absl::Status returns = CheckReturns(function, *parsed, function.source());
  return returns.ok() ? returns : InStatement(returns, function.source(), statement);
}

}  // namespace

absl::Status CheckLanguage(const std::string& language) {
  if (language == "sql" || language == "plpgsql") return absl::OkStatus();
  constexpr std::array kOthers = {"c", "internal"};
  if (std::find(kOthers.begin(), kOthers.end(), language) != kOthers.end())
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("functions in language ", language, " are not supported"), {},
                         "Use LANGUAGE sql or plpgsql.");
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat("language \"", language, "\" does not exist"));
}

std::string StandardBody(std::string_view statement) {
  parser::Lexer lexer(statement);
  int depth = 0;
  for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;) {
    const std::string_view word = lexer.TextOf(token);
    if (word == "(") ++depth;
    if (word == ")") --depth;
    const parser::Token next = lexer.Next();
    const bool begins =
        lexer.Is(token, "return") || (lexer.Is(token, "begin") && lexer.Is(next, "atomic"));
    if (depth == 0 && begins) return std::string(statement.substr(token.offset));
    token = next;
  }
  return {};
}

absl::Status CheckFunctionBody(const FunctionDescriptor& function, std::string_view statement) {
  for (const auto& argument : function.arguments()) {
    if (types::FromProto(argument.type()).id != TypeId::kVoid) continue;
    if (function.language() == "sql")
      return status::Error(kInvalidFunctionDefinition,
                           "SQL functions cannot have arguments of type void");
    return status::Error(sqlstate::kFeatureNotSupported,
                         "PL/pgSQL functions cannot accept type void");
  }
  return function.language() == "sql" ? CheckSqlBody(function, statement)
                                      : CheckPlpgsqlBody(function, statement);
}

}  // namespace adbms::sql::ddl
