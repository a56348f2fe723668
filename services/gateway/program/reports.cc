// What a program says and is told: RAISE, ASSERT, GET DIAGNOSTICS.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/program/condition_names.h"
#include "services/gateway/program/interpreter.h"

namespace adbms::gateway::program {
namespace {

namespace sqlstate = status::sqlstate;
using types::TypeId;

constexpr std::string_view kRaised = "P0001";
constexpr std::string_view kAssertFailure = "P0004";

}  // namespace

absl::StatusOr<std::string> Interpreter::FormatMessage(const Statement& statement) {
  std::string text;
  size_t argument = 0;
  const std::string& format = *statement.message;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    if (i + 1 < format.size() && format[i + 1] == '%') {
      text += '%';
      ++i;
      continue;
    }
    ASSIGN_OR_RETURN(const types::Value value, Evaluate(statement.arguments[argument++].value));
    text += value.is_null() ? "<NULL>" : host_.TextOf(value);
  }
  return text;
}

absl::Status Interpreter::RunRaise(const Statement& statement) {
  if (statement.level.empty()) {
    if (handled_.empty())
      return status::Error("0Z002",
                           "RAISE without parameters cannot be used outside an exception handler");
    return status::ToStatus(handled_.back());
  }
  status::SqlError error;
  error.sqlstate = kRaised;
  const bool is_error = statement.level == "exception";
  const auto code_of = [](const std::string& condition) -> absl::StatusOr<std::string> {
    const std::vector<std::string_view> codes = CodesOf(condition);
    if (!codes.empty()) return std::string(codes[0]);
    if (condition.size() == 5) return condition;
    return status::Error(sqlstate::kUndefinedObject,
                         absl::StrCat("unrecognized exception condition \"", condition, "\""));
  };
  if (!statement.condition.empty()) {
    ASSIGN_OR_RETURN(error.sqlstate, code_of(statement.condition));
    error.message = statement.condition;
  }
  if (statement.message.has_value()) {
    ASSIGN_OR_RETURN(error.message, FormatMessage(statement));
  }
  for (const sql::program::RaiseOption& option : statement.options) {
    ASSIGN_OR_RETURN(const types::Value value, Evaluate(option.value));
    if (value.is_null())
      return status::Error(sqlstate::kNullNotAllowed, "RAISE statement option cannot be null");
    std::string text = host_.TextOf(value);
    if (option.name == "message" && statement.message.has_value())
      return status::Error(sqlstate::kSyntaxError, "RAISE option already specified: MESSAGE");
    if (option.name == "errcode") {
      ASSIGN_OR_RETURN(error.sqlstate, code_of(text));
    } else if (option.name == "message") {
      error.message = std::move(text);
    } else if (option.name == "detail") {
      error.detail = std::move(text);
    } else if (option.name == "hint") {
      error.hint = std::move(text);
    } else if (option.name == "column") {
      error.column = std::move(text);
    } else if (option.name == "constraint") {
      error.constraint = std::move(text);
    } else if (option.name == "table") {
      error.table = std::move(text);
    } else if (option.name == "schema") {
      error.schema = std::move(text);
    }
  }
  if (error.message.empty()) error.message = error.sqlstate;
  if (is_error) return status::ToStatus(error);
  const bool given = !statement.condition.empty() || error.sqlstate != kRaised;
  if (!given) error.sqlstate = statement.level == "warning" ? "01000" : "00000";
  host_.Notice(absl::AsciiStrToUpper(statement.level), error);
  return absl::OkStatus();
}

absl::Status Interpreter::RunAssert(const Statement& statement) {
  ASSIGN_OR_RETURN(const bool holds, IsTrue(statement.expression));
  if (holds) return absl::OkStatus();
  std::string message = "assertion failed";
  if (!statement.message_expression.empty()) {
    ASSIGN_OR_RETURN(const types::Value value, Evaluate(statement.message_expression));
    if (!value.is_null()) message = host_.TextOf(value);
  }
  return status::Error(kAssertFailure, message);
}

absl::Status Interpreter::RunDiagnostics(const Statement& statement) {
  if (statement.stacked && handled_.empty())
    return status::Error("0Z002",
                         "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
  for (const sql::program::DiagnosticItem& item : statement.items) {
    if (item.item == "row_count") {
      RETURN_IF_ERROR(
          Assign(item.target, types::Value::Int(TypeId::kInt8, static_cast<int64_t>(row_count_))));
      continue;
    }
    std::string text;
    if (statement.stacked) {
      const status::SqlError& error = handled_.back();
      text = item.item == "returned_sqlstate"     ? error.sqlstate
             : item.item == "message_text"        ? error.message
             : item.item == "pg_exception_detail" ? error.detail
             : item.item == "pg_exception_hint"   ? error.hint
             : item.item == "column_name"         ? error.column
             : item.item == "constraint_name"     ? error.constraint
             : item.item == "table_name"          ? error.table
             : item.item == "schema_name"         ? error.schema
                                                  : "";
    } else {
      text = absl::StrCat("PL/pgSQL function ",
                          call_->label.empty() ? "inline_code_block" : call_->label, " line ",
                          line_, " at GET DIAGNOSTICS");
    }
    RETURN_IF_ERROR(Assign(item.target, types::Value::Text(std::move(text))));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::program
