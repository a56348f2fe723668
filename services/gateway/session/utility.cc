// Statements that are not planned, each kind in a file of its own.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/database_names.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using sql::StatementClass;

}  // namespace

absl::Status Session::RunUtility(const sql::Statement& statement, ResultSink* sink) {
  switch (statement.statement_class) {
    case StatementClass::kSet:
    case StatementClass::kShow:
    case StatementClass::kPrepare:
    case StatementClass::kDeallocate:
      break;
    default:
      block_used_ = true;  // BEGIN sets it back.
  }
  RETURN_IF_ERROR(sql::CheckDatabases(statement, options_.database));
  switch (statement.statement_class) {
    case StatementClass::kTransaction:
      return RunTransaction(statement, sink);
    case StatementClass::kSet:
      return RunSet(statement, sink);
    case StatementClass::kShow:
      return RunShow(statement, sink);
    case StatementClass::kDdl:
      return RunDdl(statement, sink);
    case StatementClass::kTableAs:
      return RunTableAs(statement, sink);
    case StatementClass::kRefresh:
      return RunRefresh(statement, sink);
    case StatementClass::kRole:
      return RunRole(statement, sink);
    case StatementClass::kAnalyze:
      return RunAnalyze(statement, sink);
    case StatementClass::kLock:
      return RunLock(statement, sink);
    case StatementClass::kSetConstraints:
      return RunSetConstraints(statement, sink);
    case StatementClass::kExplain:
      return RunExplain(statement, {}, {}, sink);
    case StatementClass::kPrepare:
      return RunPrepare(statement, sink);
    case StatementClass::kExecute:
      return RunExecute(statement, sink);
    case StatementClass::kDeallocate:
      if (statement.deallocate.name.empty()) {
        statements_.clear();
      } else if (statements_.erase(statement.deallocate.name) == 0) {
        return status::Error(
            status::sqlstate::kInvalidStatementName,
            absl::StrCat("prepared statement \"", statement.deallocate.name, "\" does not exist"));
      }
      return sink->Complete(statement.command_tag);
    case StatementClass::kCursor:
      return RunCursor(statement, sink);
    case StatementClass::kCopy:
      return RunCopy(statement, sink);
    case StatementClass::kDiscard:
      return RunDiscard(statement, sink);
    case StatementClass::kNotify:
      return RunNotify(statement, sink);
    case StatementClass::kProgram:
      return RunProgram(statement, sink);
    case StatementClass::kNoOp: {
      ASSIGN_OR_RETURN(const auto policy, policy_->Get());
      if (statement.command_tag == "CHECKPOINT" && !policy->superuser()) {
        return status::Error(status::sqlstate::kInsufficientPrivilege,
                             "must be superuser or have privileges of pg_checkpoint to do "
                             "CHECKPOINT");
      }
      return sink->Complete(statement.command_tag);
    }
    case StatementClass::kPlannable:
      break;
  }
  return absl::InternalError("a plannable statement came to the utility path");
}

void Session::SendReports(ResultSink* sink) {
  // A sink of a program may keep them for later, where they were.
  for (const KeptNotice& kept : std::exchange(notices_, {}))
    sink->Notice(kept.severity, kept.notice);
  for (const auto& [name, value] : settings_.TakeReports()) sink->ParameterStatus(name, value);
}

void Session::KeepNotice(std::string_view severity, std::string_view sqlstate,
                         std::string_view message) {
  KeptNotice& kept = notices_.emplace_back();
  kept.severity = severity;
  kept.notice.sqlstate = std::string(sqlstate);
  kept.notice.message = std::string(message);
}

absl::Status Session::SendText(const std::string& column, const std::vector<std::string>& lines,
                               std::string_view tag, ResultSink* sink) {
  OutputColumns columns;
  common::v1::OutputColumn* description = columns.Add();
  description->set_name(column);
  description->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
  RETURN_IF_ERROR(sink->BeginRows(columns));
  auto vector = std::make_shared<types::Vector>(types::Type{types::TypeId::kText, 0});
  for (const std::string& line : lines) vector->Append(types::Value::Text(line));
  types::Batch batch;
  batch.columns.push_back(std::move(vector));
  batch.row_count = static_cast<uint32_t>(lines.size());
  RETURN_IF_ERROR(sink->Rows(batch));
  return sink->Complete(tag);
}

}  // namespace adbms::gateway::session
