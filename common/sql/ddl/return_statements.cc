#include "common/sql/ddl/return_statements.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "common/sql/parser/parse_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/type.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::FunctionDescriptor;
using program::Statement;
namespace sqlstate = status::sqlstate;

class ReturnChecker {
 public:
  ReturnChecker(const FunctionDescriptor& function, std::string_view body)
      : body_(body),
        is_procedure_(function.kind() == FunctionDescriptor::KIND_PROCEDURE),
        returns_set_(function.returns_set()),
        has_outputs_(
            std::any_of(function.arguments().begin(), function.arguments().end(),
                        [](const auto& argument) {
                          return argument.mode() != common::v1::FunctionArgument::MODE_IN &&
                                 argument.mode() != common::v1::FunctionArgument::MODE_VARIADIC;
                        })),
        returns_nothing_(
            !has_outputs_ &&
            (is_procedure_ || (function.has_result() &&
                               types::FromProto(function.result()).id == types::TypeId::kVoid))) {}

  absl::Status Check(const program::Block& block) const {
    RETURN_IF_ERROR(Check(block.body));
    for (const program::Handler& handler : block.handlers) RETURN_IF_ERROR(Check(handler.body));
    return absl::OkStatus();
  }

 private:
  absl::Status Check(const program::Body& body) const {
    for (const program::StatementPtr& statement : body) RETURN_IF_ERROR(Check(*statement));
    return absl::OkStatus();
  }

  absl::Status Check(const Statement& statement) const {
    switch (statement.kind) {
      case Statement::Kind::kReturn:
        return CheckReturn(statement);
      case Statement::Kind::kReturnNext:
        return CheckNext(statement);
      case Statement::Kind::kReturnQuery:
        if (returns_set_) return absl::OkStatus();
        return Error(ReturnBefore(statement.query.empty() ? statement.expression.offset
                                                          : statement.query.offset),
                     sqlstate::kDatatypeMismatch,
                     "cannot use RETURN QUERY in a non-SETOF function");
      default:
        break;
    }
    for (const program::Branch& branch : statement.branches) RETURN_IF_ERROR(Check(branch.body));
    RETURN_IF_ERROR(Check(statement.otherwise));
    RETURN_IF_ERROR(Check(statement.body));
    return statement.block == nullptr ? absl::OkStatus() : Check(*statement.block);
  }

  absl::Status CheckReturn(const Statement& statement) const {
    if (statement.expression.empty()) {
      return returns_set_ || returns_nothing_ || has_outputs_ ? absl::OkStatus() : NoExpression();
    }
    const int offset = statement.expression.offset;
    if (returns_set_)
      return Error(offset, sqlstate::kDatatypeMismatch,
                   "RETURN cannot have a parameter in function returning set",
                   "Use RETURN NEXT or RETURN QUERY.");
    if (returns_nothing_ && is_procedure_)
      return Error(offset, sqlstate::kSyntaxError, "RETURN cannot have a parameter in a procedure");
    if (returns_nothing_)
      return Error(offset, sqlstate::kDatatypeMismatch,
                   "RETURN cannot have a parameter in function returning void");
    if (has_outputs_)
      return Error(offset, sqlstate::kDatatypeMismatch,
                   "RETURN cannot have a parameter in function with OUT parameters");
    return absl::OkStatus();
  }

  absl::Status CheckNext(const Statement& statement) const {
    const bool alone = statement.expression.empty();
    if (!returns_set_)
      return Error(alone ? -1 : ReturnBefore(statement.expression.offset),
                   sqlstate::kDatatypeMismatch, "cannot use RETURN NEXT in a non-SETOF function");
    if (has_outputs_ && !alone)
      return Error(statement.expression.offset, sqlstate::kDatatypeMismatch,
                   "RETURN NEXT cannot have a parameter in function with OUT parameters");
    return alone && !has_outputs_ ? NoExpression() : absl::OkStatus();
  }

  static absl::Status NoExpression() {
    return status::Error(sqlstate::kSyntaxError, "missing expression at or near \";\"");
  }

  // Where RETURN stands last before the offset; -1: it was not found.
  int ReturnBefore(int offset) const {
    const std::string before = absl::AsciiStrToLower(
        absl::string_view(body_.data(), std::min(body_.size(), static_cast<size_t>(offset))));
    const size_t at = before.rfind("return");
    return at == std::string::npos ? -1 : static_cast<int>(at);
  }

  absl::Status Error(int offset, std::string_view code, std::string_view message,
                     std::string_view hint = {}) const {
    if (offset < 0) return status::Error(code, message, {}, hint);
    return status::ErrorAt(code, parser::CharacterPosition(body_, offset), message, hint);
  }

  const std::string_view body_;
  const bool is_procedure_;
  const bool returns_set_;
  const bool has_outputs_;
  const bool returns_nothing_;
};

}  // namespace

absl::Status CheckReturns(const FunctionDescriptor& function, const program::Program& program,
                          std::string_view body) {
  return ReturnChecker(function, body).Check(program.block);
}

}  // namespace adbms::sql::ddl
