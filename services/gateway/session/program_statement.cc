// DO and CALL.
#include "absl/strings/str_cat.h"
#include "common/sql/program/program_parser.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/program/interpreter.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

namespace sqlstate = status::sqlstate;

namespace {

constexpr int kMostLevels = 200;

}  // namespace

Session::ProgramLevel::ProgramLevel(Session* session) : session_(*session) {
  if (session_.programs_ == nullptr) session_.programs_ = std::make_shared<ProgramCache>();
  ++session_.programs_->depth;
}

Session::ProgramLevel::~ProgramLevel() { --session_.programs_->depth; }

absl::Status Session::ProgramLevel::status() const {
  if (session_.programs_->depth <= kMostLevels) return absl::OkStatus();
  return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
}

absl::Status Session::RunProgram(const sql::Statement& statement, ResultSink* sink) {
  if (!statement.program.call.empty()) {
    const bool own_transaction = !in_transaction();
    RETURN_IF_ERROR(BeginImplicit());
    PlanQuery query;
    query.sql = statement.text;
    query.statement = &statement;
    query.cacheable = false;
    RETURN_IF_ERROR(RunCall(query, {}, own_transaction, sink));
    if (own_transaction && state_ == TransactionState::kImplicit)
      RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
    return sink->Complete(statement.command_tag);
  }
  if (statement.program.language != "plpgsql")
    return status::Error(
        statement.program.language == "sql" ? sqlstate::kFeatureNotSupported
                                            : sqlstate::kUndefinedObject,
        statement.program.language == "sql"
            ? "language \"sql\" does not support inline code execution"
            : absl::StrCat("language \"", statement.program.language, "\" does not exist"));
  ASSIGN_OR_RETURN(const sql::program::ProgramPtr program,
                   sql::program::ParseProgram(statement.program.body));
  const ProgramLevel level(this);
  RETURN_IF_ERROR(level.status());
  const bool own_transaction = !in_transaction();
  RETURN_IF_ERROR(BeginImplicit());
  // Savepoints and what a COMMIT leaves behind are the transaction's.
  ProgramHost host(this, sink, own_transaction);
  program::PreparedTexts texts;
  program::Interpreter interpreter(&host, *program, &texts);
  RETURN_IF_ERROR(interpreter.Run(program::Call()).status());
  if (own_transaction && state_ == TransactionState::kImplicit)
    RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
